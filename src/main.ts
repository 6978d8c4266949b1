#!/usr/bin/env node
/**
 * argv → command → exit code. Every command is loaded when it is called for; the only `process.exit` is here.
 */
import { basename } from 'node:path';
import { reportFailure } from './commands/failure.ts';
import { processTerminal } from './commands/terminal.ts';
import { runVerb, type Verb, type VerbGroup } from './commands/verbs.ts';
import { version } from './commands/version.ts';

const TMCTL: Verb = {
  summary: 'tables of statistics from the state file',
  run: async (args) => (await import('./commands/tmctl.ts')).tmctl(args),
};

const GROUP: VerbGroup = {
  name: 'nat46',
  description: 'NAT46 gateway: IPv4-only clients reach IPv6-only services, by name.',
  verbs: {
    run: {
      summary: 'start the gateway in the foreground',
      run: async (args) => (await import('./commands/run.ts')).run(args),
    },
    siit: {
      summary: 'start a stateless translator (RFC 7915) in the foreground',
      run: async (args) => (await import('./commands/siit.ts')).siit(args),
    },
    check: {
      summary: 'parse and validate everything, open nothing',
      run: async (args) => (await import('./commands/check.ts')).check(args),
    },
    doctor: {
      summary: 'is this host able to run it, are store and DNS upstreams within reach',
      run: async (args) => (await import('./commands/doctor.ts')).doctor(args),
    },
    status: {
      summary: 'a running gateway on one screen',
      run: async (args) => (await import('./commands/status.ts')).status(args),
    },
    stats: {
      summary: 'counters; --explain says what each means',
      run: async (args) => (await import('./commands/stats.ts')).stats(args),
    },
    sessions: {
      summary: 'list sessions',
      run: async (args) => (await import('./commands/sessions.ts')).sessions(args),
    },
    mappings: {
      summary: 'list mappings',
      run: async (args) => (await import('./commands/mappings.ts')).mappings(args),
    },
    dssm: {
      summary: 'get, set, del, list, import, export: mapping records, byte-exact',
      run: async (args) => (await import('./commands/dssm.ts')).dssm(args),
    },
    drain: {
      summary: 'hand SNAT addresses and sessions over to the other gateways of the store',
      run: async (args) => (await import('./commands/drain.ts')).drain(args),
    },
    tmctl: TMCTL,
    cleanup: {
      summary: 'take back what a killed gateway left on the host; its sessions stay, unless --forget',
      run: async (args) => (await import('./commands/cleanup.ts')).cleanup(args),
    },
  },
  options: ['--version'],
  footer:
    'Exit codes: 0 ok, 1 failed at run time, 2 usage, 3 gateway not reachable, 4 nothing matched, 5 permission,\n' +
    '78 configuration invalid.',
};

const WORDS_OF_VERSION = ['--version', '-V', 'version'];

async function main(name: string, args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  try {
    if (name === 'tmctl') return await TMCTL.run([...args]);
    if (!WORDS_OF_VERSION.includes(args[0] ?? '')) return await runVerb(GROUP, args, terminal);
    terminal.write(`nat46 ${version()}\n`);
    return 0;
  } catch (error) {
    return reportFailure(error, name, terminal);
  }
}

/** A reader that has seen enough (`| head`) is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const name = basename(process.argv[1] ?? '').startsWith('tmctl') ? 'tmctl' : 'nat46';
const code = await main(name, process.argv.slice(2));
process.stdout.write('', () => process.exit(code)); // what was written before is out by then
