/**
 * `npm run compliance`: writes docs/compliance.md. With `--check` it writes nothing, and fails when the file is not
 * what would be written. Either way it fails, and writes nothing, when rules and tests do not match.
 *
 * usage: node --expose-gc scripts/compliance/compliance.mjs [--check]      after scripts/build
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { ROOT } from '../test-files.mjs';
import { complaints } from './audit.mjs';
import { document } from './document.mjs';
import { listTests } from './tests.mjs';

const DOCUMENT = path.join(ROOT, 'docs/compliance.md');
const CHECKLIST = path.join(ROOT, 'docs/checklist.json');

/** What is wrong, one line each; nothing when the document is, or is made, what it should be. */
async function run(check) {
  const sections = JSON.parse(readFileSync(CHECKLIST, 'utf8'));
  const rules = sections.flatMap((section) => section.rules);
  const tests = await listTests();
  const wrong = complaints(rules, tests);
  if (wrong.length > 0) return wrong;
  const text = document(sections, tests);
  if (!check) {
    writeFileSync(DOCUMENT, text);
    return [];
  }
  const same = existsSync(DOCUMENT) && readFileSync(DOCUMENT, 'utf8') === text;
  return same ? [] : ['docs/compliance.md is not what the tests say; run: npm run compliance'];
}

const [option, ...more] = process.argv.slice(2);
if (more.length > 0 || (option !== undefined && option !== '--check')) {
  console.error('usage: npm run compliance');
  process.exit(2);
}
const wrong = await run(option === '--check').catch((error) => [inspect(error)]);
for (const line of wrong) console.error(`compliance: ${line}`);
process.exit(wrong.length > 0 ? 1 : 0);
