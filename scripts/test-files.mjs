/** Which tests there are: their sources, so that a compiled leftover of a removed test does not count. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');
/** Of the sources; of what checks them, which `npm run check` need not prove each time; in network namespaces. */
export const KINDS = ['unit', 'tools', 'e2e'];

/** @param file a path from the root */
export function kindOf(file) {
  const [, folder] = file.split('/');
  return KINDS.includes(folder) ? folder : 'unit';
}

/** Paths from the root, sorted. */
export function testFiles() {
  return readdirSync(path.join(ROOT, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .sort();
}

/** What the build makes of it. */
export function compiledOf(file) {
  return path.join(ROOT, 'dist', file.replace(/\.ts$/, '.js'));
}
