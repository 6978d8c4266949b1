/**
 * Runs compiled uvu test files: the unit tests of a folder in one process, folders side by side; end-to-end tests one
 * file after another. A process that prints no sum, has a file without a test, skips one or passes its
 * time limit has failed.
 *
 * usage: node scripts/run-tests.mjs [unit|tools|e2e|FILE.test.ts]…      last line: N passed, N failed
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { compiledOf, KINDS, kindOf, ROOT, testFiles } from './test-files.mjs';

const UNIT_LIMIT_MS = 60_000;
const E2E_LIMIT_MS = 600_000;
const AGAIN_LINES = 15;

function selected(wanted) {
  const all = testFiles();
  const files = [];
  for (const want of wanted) {
    const name = path.relative(ROOT, path.resolve(want));
    if (KINDS.includes(want)) files.push(...all.filter((file) => kindOf(file) === want));
    else if (all.includes(name)) files.push(name);
    else {
      console.error(`run-tests: no test file ${want}; usage: scripts/test [${KINDS.join('|')}|FILE.test.ts]…`);
      process.exit(2);
    }
  }
  return files;
}

/** uvu's sum at the end of the output; null when it is not there. */
function sum(output) {
  const number = (label) => Number(new RegExp(`^ {2}${label}: +(\\d+)$`, 'm').exec(output)?.[1] ?? NaN);
  const [total, passed, skipped] = [number('Total'), number('Passed'), number('Skipped')];
  return Number.isNaN(total + passed + skipped) ? null : { total, passed, skipped };
}

/** Why a finished file counts as failed, or null. */
function complaint(counts, code, signal, timedOut) {
  if (timedOut) return 'time limit passed';
  if (counts === null) return `ended without a sum (${signal ?? `exit ${code}`})`;
  if (counts.total + counts.skipped === 0) return 'no test in it';
  if (counts.skipped > 0) return `${counts.skipped} skipped`;
  if (counts.passed < counts.total) return `${counts.total - counts.passed} failed`;
  return code === 0 ? null : `exit ${code}`;
}

function environment(labPrefix) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  return labPrefix === null ? env : { ...env, LAB_PREFIX: labPrefix };
}

/** What shares a process: one file end to end, a folder of unit tests; what measures memory is alone. */
function jobs(files) {
  const found = new Map();
  for (const file of files) {
    const alone = kindOf(file) === 'e2e' || file.endsWith('/heap.test.ts');
    const name = alone ? file : `${path.dirname(file)}/`;
    found.set(name, [...(found.get(name) ?? []), file]);
  }
  return [...found].map(([name, members]) => ({ name, files: members }));
}

/** One job in one process (and process group); resolves to its counts, having printed its line. */
function run({ name, files: members }) {
  const e2e = kindOf(name) === 'e2e';
  const labPrefix = e2e ? `nat46e2e${process.pid}-` : null;
  const begin = Date.now();
  const script = members.length === 1 ? [] : [path.join(ROOT, 'scripts/run-group.mjs')];
  const args = ['--expose-gc', '--enable-source-maps', ...script, ...members.map(compiledOf)];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environment(labPrefix),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  let timedOut = false;
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, e2e ? E2E_LIMIT_MS : UNIT_LIMIT_MS);
  running.set(child.pid, labPrefix);
  child.on('exit', () => killGroup(child.pid)); // what it left running would keep the pipes open
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child.pid);
      labDown(labPrefix);
      resolve(report(name, output, complaint(sum(output), code, signal, timedOut), Date.now() - begin));
    });
  });
}

function report(file, output, wrong, tookMs) {
  const { total = 0, passed = 0, skipped = 0 } = sum(output) ?? {};
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  if (wrong === null) {
    console.log(`ok    ${file}  ${passed} passed  ${took}`);
    return { passed, failed: 0 };
  }
  console.log(`FAIL  ${file}  ${wrong}  ${took}\n${output.trimEnd()}\n`);
  return { passed, failed: Math.max(1, total - passed + skipped), again: failures(file, wrong, output) };
}

/** The failed tests alone, or else the end of the output: a log that is cut in its middle still names them. */
function failures(file, wrong, output) {
  const blocks = output.split(/^(?= *FAIL )/m).slice(1);
  const shown = blocks.length > 0 ? blocks.slice(0, 5) : [output.split('\n').slice(-AGAIN_LINES).join('\n')];
  const short = shown.map((block) => block.split('\n').slice(0, AGAIN_LINES).join('\n').trimEnd());
  return `again ${file}  ${wrong}\n${short.join('\n')}\n`;
}

/** Children still alive, by pid, with the prefix of their lab. */
const running = new Map();

/** A test that died leaves namespaces behind. */
function labDown(labPrefix) {
  if (labPrefix === null || process.getuid() !== 0) return;
  spawnSync(path.join(ROOT, 'scripts/lab/lab'), ['down'], { env: environment(labPrefix), stdio: 'inherit' });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // nothing is left of it
  }
}

function abort() {
  for (const [pid, labPrefix] of running) {
    killGroup(pid);
    labDown(labPrefix);
  }
  process.exit(130);
}

async function runAll(found, width) {
  const results = [];
  const queue = [...found];
  const lane = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) results.push(await run(job));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

process.on('SIGINT', abort);
process.on('SIGTERM', abort);
const files = selected(process.argv.length > 2 ? process.argv.slice(2) : KINDS);
const missing = files.filter((file) => !existsSync(compiledOf(file)));
if (missing.length > 0) {
  console.error(`run-tests: not compiled: ${missing.join(' ')}; run: scripts/build`);
  process.exit(1);
}
const unit = await runAll(jobs(files.filter((file) => kindOf(file) !== 'e2e')), availableParallelism());
const e2e = await runAll(jobs(files.filter((file) => kindOf(file) === 'e2e')), 1);
for (const { again } of [...unit, ...e2e]) if (again !== undefined) console.log(again);
const count = (key) => [...unit, ...e2e].reduce((total, result) => total + result[key], 0);
console.log(`${count('passed')} passed, ${count('failed')} failed`);
process.exitCode = count('failed') > 0 || files.length === 0 ? 1 : 0;
