/**
 * The `ip` command of iproute2. Synchronous: it runs a few times at start and end, and must still work while the
 * process is on its way out.
 */
import { spawnSync } from 'node:child_process';
import { Nat46Error } from '../error.ts';

const TIMEOUT_MS = 10_000;
const OUTPUT_MAX_BYTES = 64 << 20; // a full routing table is tens of megabytes

/** What `ip` says about something that is not there any more. */
const GONE =
  /Cannot find device|does not exist|No such (process|device|file or directory)|Cannot assign requested address/;

interface IpOutcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ip`. @param input its standard input @throws Nat46Error NAT46_RUNTIME when the command is missing or hangs */
function ip(args: readonly string[], input = ''): IpOutcome {
  const env = {
    ...process.env,
    LC_ALL: 'C',
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`,
  };
  const ran = spawnSync('ip', args, {
    input,
    env,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  if (ran.error !== undefined) throw notRun(args, ran.error);
  return { ok: ran.status === 0, stdout: ran.stdout, stderr: ran.stderr };
}

function notRun(args: readonly string[], cause: NodeJS.ErrnoException): Nat46Error {
  const message =
    cause.code === 'ENOENT'
      ? 'the command ip is missing: install the package iproute2, or set the host up by hand with --no-setup'
      : `ip ${args.join(' ')} failed: ${cause.message}`;
  return new Nat46Error('NAT46_RUNTIME', message, { cause });
}

/** Rows of `ip -j …`. @returns an empty list when the thing asked for is not there */
export function ipRows(args: readonly string[]): unknown[] {
  const { ok, stdout, stderr } = ip(['-j', ...args]);
  if (!ok && !GONE.test(stderr)) throw ipError(`ip ${args.join(' ')}`, stderr);
  const text = stdout.trim();
  return ok && text !== '' ? (JSON.parse(text) as unknown[]) : []; // what failed may have printed half a list
}

/** Runs lines (without the word `ip`) in order, ending at the first that fails. @throws Nat46Error naming that line */
export function ipBatch(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const { ok, stderr } = ip(['-batch', '-'], `${lines.join('\n')}\n`);
  if (ok) return;
  const [failure] = batchFailures(lines, stderr);
  throw ipError(`ip ${failure?.line ?? lines.join('; ')}`, failure?.reason ?? stderr);
}

/** Runs every line, whatever fails. @returns a sentence for each that failed though its object was still there */
export function ipBatchForced(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const { stderr } = ip(['-force', '-batch', '-'], `${lines.join('\n')}\n`);
  return batchFailures(lines, stderr)
    .filter(({ reason }) => !GONE.test(reason))
    .map(({ line, reason }) => `ip ${line}: ${reason}`);
}

/** Pairs what `ip -batch` complains about with the lines it was given. */
export function batchFailures(lines: readonly string[], stderr: string): { line: string; reason: string }[] {
  const failures: { line: string; reason: string }[] = [];
  let reasons: string[] = [];
  for (const said of stderr.split('\n')) {
    const number = /^Command failed .*:(\d+)$/.exec(said)?.[1];
    if (number === undefined) {
      if (said !== '') reasons.push(said);
      continue;
    }
    failures.push({ line: lines[Number(number) - 1] ?? '', reason: reasons.join('; ') });
    reasons = [];
  }
  return failures;
}

/** The error for a failed `ip` command. @param stderr what it said */
export function ipError(command: string, stderr: string): Nat46Error {
  const said = stderr.trim().split('\n').join('; ');
  if (/Operation not permitted|Permission denied/.test(said)) {
    return new Nat46Error(
      'NAT46_PERMISSION',
      `${command}: ${said}: run as root or grant CAP_NET_ADMIN, or set the host up by hand with --no-setup`,
    );
  }
  const remedy = /File exists/.test(said)
    ? ': it is there already for another device; remove it or choose another'
    : '';
  return new Nat46Error('NAT46_RUNTIME', `${command}: ${said}${remedy}`);
}
