/**
 * Runs several compiled uvu test files in one process: starting one costs more than most of the tests.
 *
 * usage: node scripts/run-group.mjs FILE.test.js…
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

globalThis.UVU_DEFER = 1;
const { exec } = await import('uvu');
for (const [i, file] of process.argv.slice(2).entries()) {
  globalThis.UVU_INDEX = i;
  globalThis.UVU_QUEUE.push([path.relative(process.cwd(), file)]);
  await import(pathToFileURL(file));
  if (globalThis.UVU_QUEUE[i].length < 2) {
    console.error(`no test in ${file}`); // a suite whose run() was forgotten
    process.exit(1);
  }
}
await exec();
