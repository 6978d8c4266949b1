/**
 * Does V8 make one function of a real worker's loop, and keep it? A gateway with one worker under TCP both ways, UDP and
 * pings, until the function is there and has settled; then the same load again while deoptimisations of the process are
 * counted: there are to be none. `npm run bench -- one-function`; root.
 *   BENCH_ROUNDS (5) of 4 s that are counted
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Lab } from '../test/helpers/lab.ts';
import { tcp, udpOverload } from './compare/loads.ts';
import type { Running } from './contenders.ts';
import { numberSetting } from './settings.ts';

const ROUNDS = numberSetting('BENCH_ROUNDS', 5);
/** A kind of packet that is seen late makes V8 begin again; it has come by then. */
const SETTLING_ROUNDS = 4;
/** Without the function after as many, it is not made. */
const LEARNING_ROUNDS = 30;
const LOOP = 'runLearned'; // src/datapath/loop.ts
/** The loop alone has less. */
const WHOLE_BYTES = 8192;

/** One of every kind of packet that most packets are of. */
async function load(lab: Lab, at: Running): Promise<void> {
  const bed = { lab, seconds: 1 };
  await tcp(bed, at, []);
  await tcp(bed, at, ['--reverse']);
  await udpOverload(bed, at, 64);
  await lab.ok('cl1', ['ping', '-q', '-c', '100', '-i', '0.01', at.target]);
}

/** What V8 says of its code. */
class Trace {
  readonly #bailouts: string;
  #map = '';

  /** @param folder for what it writes */
  constructor(folder: string) {
    this.#bailouts = path.join(folder, 'bailouts');
  }

  /** Words before `node`, so that V8 says it. */
  get wrap(): string[] {
    return ['sh', '-c', `exec "$0" --perf-basic-prof --trace-deopt "$@" >${this.#bailouts}`];
  }

  /** Where V8 lists its code is fixed. */
  watch(pid: number): void {
    this.#map = `/tmp/perf-${pid}.map`;
  }

  deoptimisations(): string[] {
    return linesOf(this.#bailouts).filter((line) => line.startsWith('[bailout'));
  }

  /** Size of the loop's code in bytes, 0 when it was taken back and not made again. */
  size(): number {
    const made = linesOf(this.#map).filter((line) => line.includes(`*${LOOP} `));
    const lost = this.deoptimisations().filter((line) => line.includes(`${LOOP} `));
    return made.length > lost.length ? Number.parseInt(made.at(-1)?.split(' ')[1] ?? '0', 16) : 0;
  }

  remove(): void {
    rmSync(this.#map, { force: true });
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

const lab = await Lab.up();
const trace = new Trace(lab.name('LAB_DIR'));
try {
  await lab.script('direct');
  const target = lab.name('SUBNET').replace(/[.]0[/].*/, '.20');
  const map = `${target}=${lab.name('DIRECT6')}`;
  const gateway = lab.spawnGateway({ role: 'data', workers: '1', store: 'mem:', map }, trace.wrap);
  await gateway.ready();
  trace.watch(gateway.pid);
  const at = { target, pid: gateway.pid };
  let learning = 0;
  for (; learning < LEARNING_ROUNDS && trace.size() < WHOLE_BYTES; learning++) await load(lab, at);
  for (let i = 0; i < SETTLING_ROUNDS; i++) await load(lab, at);
  const before = trace.deoptimisations().length;
  const size = trace.size();
  for (let i = 0; i < ROUNDS; i++) await load(lab, at);
  const late = trace.deoptimisations().slice(before);
  const isWhole = size >= WHOLE_BYTES;
  console.log(
    `${learning + SETTLING_ROUNDS} rounds: ${LOOP} has ${size} bytes, ${isWhole ? 'all' : 'NOT ALL'} in one`,
  );
  console.log(`${ROUNDS} more: ${late.length} deoptimisations`);
  for (const line of late) console.log(`  ${line}`);
  process.exitCode = isWhole && late.length === 0 ? 0 : 1;
} finally {
  await lab.down();
  trace.remove();
}
