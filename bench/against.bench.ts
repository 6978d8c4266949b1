/**
 * Is anything slower than it was? Builds another commit beside this tree and runs one bench of both in turns; of each line
 * the best round counts, because noise only ever adds. `npm run bench -- against`
 *   BENCH_COMMIT (that of bench/baseline)   BENCH_NAME (translate)   BENCH_ROUNDS (5)   BENCH_SECONDS (0.2) a line
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { numberSetting } from './settings.ts';
import { describe, machine } from './statistics.ts';

const COMMIT = process.env.BENCH_COMMIT ?? readFileSync('bench/baseline', 'utf8').trim();
const NAME = process.env.BENCH_NAME ?? 'translate';
const ROUNDS = numberSetting('BENCH_ROUNDS', 5);
const SECONDS = String(numberSetting('BENCH_SECONDS', 0.2));
/** Best rounds of one tree differ by a few percent on a busy machine. */
const TOLERANCE = 1.1;

/** Line → ns an operation, the best of all rounds. */
type Best = Map<string, number>;

/** A tree of another commit, compiled. @returns its folder */
function build(commit: string): string {
  const id = git('rev-parse', '--verify', `${commit}^{commit}`);
  const folder = path.resolve('dist/bench/against', id.slice(0, 12));
  if (existsSync(path.join(folder, 'dist/.tsbuildinfo'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', id], { maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  execFileSync(path.resolve('node_modules/.bin/tsc'), [], { cwd: folder });
  return folder;
}

function git(...argv: string[]): string {
  return execFileSync('git', argv, { encoding: 'utf8' }).trim();
}

/** One run of the bench in a tree. */
function round(folder: string, best: Best): void {
  const env = { ...process.env, BENCH_SECONDS: SECONDS };
  const program = path.join(folder, 'dist/bench', `${NAME}.bench.js`);
  const said = execFileSync(process.execPath, ['--expose-gc', program], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  for (const [, name = '', ns] of said.matchAll(/^(\S.*?) +([\d.]+) ns\/op/gm)) {
    best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, Number(ns)));
  }
}

const before = build(COMMIT);
const [then, now]: [Best, Best] = [new Map(), new Map()];
for (let i = 0; i < ROUNDS; i++) {
  round(before, then);
  round(process.cwd(), now);
}
console.log(`${NAME}, ns an operation, best of ${ROUNDS} rounds in turns; ${describe(machine())}`);
console.log(
  `${''.padEnd(40)} ${COMMIT.slice(0, 10).padStart(10)} ${'now'.padStart(10)} ${'now/then'.padStart(9)}`,
);
let slower = 0;
for (const [name, ns] of now) {
  const old = then.get(name);
  if (old === undefined) continue;
  const ratio = ns / old;
  if (ratio > TOLERANCE) slower++;
  const mark = ratio > TOLERANCE ? '  SLOWER' : '';
  console.log(
    `${name.padEnd(40)} ${old.toFixed(1).padStart(10)} ${ns.toFixed(1).padStart(10)} ${ratio.toFixed(2).padStart(9)}${mark}`,
  );
}
process.exitCode = slower > 0 ? 1 : 0;
