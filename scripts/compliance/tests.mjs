/** Which tests there are, from the compiled files themselves: each is loaded with `recorder.mjs` in the place of uvu. */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { compiledOf, testFiles } from '../test-files.mjs';

/** Module hooks that put the recorder in the place of uvu; they live in a thread of their own. */
function hooks() {
  const recorder = JSON.stringify(new URL('recorder.mjs', import.meta.url));
  const code = `export function resolve(name, context, next) {
    return name === 'uvu' ? { url: ${recorder}, shortCircuit: true } : next(name, context);
  }`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/**
 * What a test file opens when it is loaded stays open: the caller ends the process itself.
 * @returns [{ file, suite, name, vector? }] @throws Error when a file cannot be loaded
 */
export async function listTests() {
  const registry = [];
  globalThis.testRegistry = registry;
  register(hooks());
  for (const file of testFiles()) {
    const before = registry.length;
    await import(pathToFileURL(compiledOf(file))).catch((cause) => {
      throw new Error(`${file}: cannot be loaded; run: scripts/build`, { cause });
    });
    for (const test of registry.slice(before)) test.file = file;
  }
  return registry;
}
