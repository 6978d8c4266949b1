/**
 * Which tests there are, from the compiled files themselves: each is loaded with a registry in place, so that
 * `test/helpers/suite.ts` writes its suites there instead of running them.
 */
import { pathToFileURL } from 'node:url';
import { compiledOf, testFiles } from '../test-files.mjs';

/**
 * What a test file opens when it is loaded stays open: the caller ends the process itself.
 * @returns [{ file, suite, name, vector? }] @throws Error when a file cannot be loaded or has suites that would run
 */
export async function listTests() {
  const registry = [];
  globalThis.testRegistry = registry;
  globalThis.UVU_DEFER = 1; // a suite of uvu itself then stands in its queue, unseen by the registry
  globalThis.UVU_INDEX = 0;
  globalThis.UVU_QUEUE = [[]];
  for (const file of testFiles()) {
    const before = registry.length;
    await import(pathToFileURL(compiledOf(file)));
    for (const test of registry.slice(before)) test.file = file;
    if (globalThis.UVU_QUEUE[0].length > 0) {
      throw new Error(`${file}: a suite of uvu itself; define it with test/helpers/suite.ts`);
    }
  }
  return registry;
}
