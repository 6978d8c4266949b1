/**
 * How a command ends that threw: lines on standard error, and the exit code.
 */
import { Nat46Error } from '../error.ts';
import type { Terminal } from './terminal.ts';

const FAILED = 1;

/**
 * @param name of the program, before each line
 * @returns exit code; 0 when help was asked for and printed
 */
export function reportFailure(error: unknown, name: string, terminal: Terminal): number {
  if (error instanceof Nat46Error) {
    for (const line of error.message.split('\n')) terminal.note(`${name}: ${line}\n`);
    return error.exitCode;
  }
  if (isHelp(error)) return 0;
  terminal.note(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return FAILED;
}

/** Commander's way out after `--help`, told by its shape so that commander need not be loaded to ask. */
function isHelp(error: unknown): boolean {
  return error instanceof Error && 'exitCode' in error && error.exitCode === 0;
}
