/**
 * What every command shares that talks to a running gateway: which one, and in which form the reply is wanted.
 */
import { type Command, Option } from 'commander';
import { commandLine, readCommandLine } from '../config/command-line.ts';
import { defaultControlPath } from '../config/paths.ts';
import { ControlClient } from '../control/client.ts';
import { Nat46Error } from '../error.ts';
import { FORMATS, type Format } from './table-output.ts';
import { type Environment, processTerminal, type Terminal } from './terminal.ts';

/** The outside of a command; tests replace it. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Environment;
}

export function processSurroundings(): Surroundings {
  return { terminal: processTerminal(), env: process.env };
}

interface Options {
  control?: string;
  tun?: string;
  output?: string;
  json?: boolean;
}

/** A command with --control and --tun. @param name as typed, e.g. `nat46 dssm get` */
export function gatewayCommand(name: string, description: string): Command {
  return commandLine(name, description)
    .addOption(new Option('--control <PATH>', 'control socket of the gateway (default: /run/nat46/TUN.sock)'))
    .addOption(new Option('--tun <NAME>', 'the gateway of this device (default: nat46)'));
}

/** Give a command -o and -j. */
export function withFormat(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <FORMAT>', 'form of the output: table, json or csv (default: table)'))
    .addOption(new Option('-j, --json', 'the same as -o json'));
}

/** @throws Nat46Error NAT46_USAGE for a format there is not */
export function formatOf(command: Command): Format {
  const { json, output = 'table' } = command.opts<Options>();
  const format = FORMATS.find((one) => one === output);
  if (!format)
    throw new Nat46Error('NAT46_USAGE', `--output ${output}: must be one of ${FORMATS.join(', ')}`);
  return json ? 'json' : format;
}

/** Parse, and find the gateway: --control before --tun before their environment variables before the default. */
export function connect(command: Command, args: readonly string[], env: Environment): ControlClient {
  readCommandLine(command, args);
  const { control, tun } = command.opts<Options>();
  const byFlag = control ?? (tun === undefined ? undefined : defaultControlPath(tun));
  return new ControlClient(byFlag ?? (env.NAT46_CONTROL || defaultControlPath(env.NAT46_TUN || 'nat46')));
}
