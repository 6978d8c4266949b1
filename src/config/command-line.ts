/**
 * Commander, made to speak as this project does: a usage error is one line and a Nat46Error (exit 2), with the
 * nearest option when one was misspelt; nothing here ends the process.
 */
import { Command, CommanderError } from 'commander';
import { Nat46Error } from '../error.ts';

/** A command that throws instead of exiting. @param name as typed, e.g. `nat46 run` */
export function commandLine(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ helpWidth: Number(process.env.COLUMNS) || process.stdout.columns || 100 })
    .helpOption('-h, --help', 'show this');
}

/** Parse the arguments behind the command's name. @throws Nat46Error NAT46_USAGE, or what `isHelpShown` recognises */
export function readCommandLine(command: Command, args: readonly string[]): void {
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode === 0) throw error;
    throw new Nat46Error('NAT46_USAGE', `${oneLine(error, command)}; see ${command.name()} --help`, {
      cause: error,
    });
  }
}

/** Whether `--help` was asked for and printed: not a failure. */
export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** `error: unknown option '--subnett'\n(Did you mean --subnet?)` → one sentence. */
function oneLine(error: CommanderError, command: Command): string {
  if (error.code === 'commander.excessArguments') {
    return `unexpected argument '${command.args[command.registeredArguments.length] ?? ''}'`;
  }
  return error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
}
