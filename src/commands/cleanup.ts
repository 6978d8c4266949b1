/**
 * `nat46 cleanup`: take back what a gateway did to the host and could not undo, because it was killed.
 */
import { commandLine, readCommandLine } from '../config/command-line.ts';
import { defaultStatePath } from '../config/paths.ts';
import { Nat46Error } from '../error.ts';
import { type Cleaned, cleanUpHost } from '../gateway/host-cleanup.ts';
import { processSurroundings } from './gateway-options.ts';

/** Takes back what the journal beside a state file says. @throws Nat46Error while that gateway is running */
export type Undo = (statePath: string, forget: boolean) => Cleaned;

/** @returns exit code: 1 when something could not be taken back */
export async function cleanup(
  args: readonly string[],
  { terminal, env } = processSurroundings(),
  undo: Undo = cleanUpHost,
): Promise<number> {
  const command = commandLine('nat46 cleanup', 'Take back what a gateway that was killed left on this host.')
    .option('--tun <NAME>', 'device of that gateway (default: nat46)')
    .option('--state <FILE>', 'its state file (default: /dev/shm/nat46-TUN.state)')
    .option(
      '--forget',
      'remove the state file as well: its sessions and counters are gone, and mappings that no store has',
    );
  readCommandLine(command, args);
  const given = command.opts<{ tun?: string; state?: string; forget?: boolean }>();
  const tun = given.tun ?? (env.NAT46_TUN || 'nat46');
  const byFlag = given.state ?? (given.tun === undefined ? undefined : defaultStatePath(tun));
  const statePath = byFlag ?? (env.NAT46_STATE || defaultStatePath(tun));
  const { found, problems, state } = undo(statePath, given.forget === true);
  if (problems.length > 0) {
    const stays = `${statePath} stays until that is taken back, too; then run this again`;
    const lines = given.forget === true && state === 'kept' ? [...problems, stays] : problems;
    throw new Nat46Error('NAT46_RUNTIME', lines.join('\n'));
  }
  const said = found === 0 ? [] : [`${found} changes taken back`];
  if (state === 'removed') said.push(`${statePath} removed`);
  terminal.write(`${said.length === 0 ? `nothing to clean up for ${statePath}` : said.join(', ')}\n`);
  if (state === 'kept')
    terminal.note(`nat46: ${statePath} stays: a start goes on with its sessions; --forget removes it\n`);
  return 0;
}
