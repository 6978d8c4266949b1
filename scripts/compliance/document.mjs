/** `docs/compliance.md` as text: every rule with how many tests prove it, then which. */
import { kindOf } from '../test-files.mjs';
import { numbersOf, proofs } from './audit.mjs';

export function document(sections, tests) {
  const rules = sections.flatMap((section) => section.rules);
  const found = proofs(rules, tests);
  const parts = [head(rules, tests), ...sections.map((section) => table(section, found)), '## Tests\n'];
  for (const rule of rules) parts.push(proofOf(rule, found.get(rule.number)));
  return `${parts.filter((part) => part !== '').join('\n')}`;
}

function head(rules, tests) {
  const open = rules.filter((rule) => rule.open !== undefined).length;
  const exempt = rules.filter((rule) => rule.exempt !== undefined).length;
  const vectors = [...new Set(tests.flatMap(({ vector }) => vector ?? []))];
  const to = (direction) => vectors.filter((vector) => vector.startsWith(`${direction} `)).length;
  const rest = vectors.length - to('46') - to('64');
  return `# Compliance

What the standards ask of a translator, and the tests that prove it. Made from the titles of the tests and
[checklist.json](checklist.json) by \`npm run compliance\`; \`npm run check\` fails when a statement has neither a test nor a
reason, when a title names a statement that does not exist, and when this file is not what the tests say.

* ${rules.length} statements: ${rules.length - open - exempt} proven, ${open} open, ${exempt} not applicable.
* ${vectors.length} distinct vectors (raw bytes in, raw bytes out): ${to('46')} from IPv4, ${to('64')} from IPv6, ${rest} of neither.
`;
}

function table({ title, rules }, found) {
  const rows = rules.map((rule) => {
    const own = found.get(rule.number);
    const endToEnd = own.filter(({ file }) => kindOf(file) === 'e2e').length;
    const counts = [own.length - endToEnd, endToEnd].map((count) => count || '');
    return `| ${link(rule, own)} | ${rule.source} | ${rule.rule}${remark(rule)} | ${counts.join(' | ')} |`;
  });
  return `## ${title}\n\n| | source | statement | unit tests | end to end |\n|--:|---|---|--:|--:|\n${rows.join('\n')}\n`;
}

function link({ number }, own) {
  return own.length === 0 ? `${number}` : `[${number}](#rule-${number})`;
}

function remark({ open, exempt }) {
  if (open !== undefined) return ` **Open:** ${open}`;
  return exempt === undefined ? '' : ` **Does not apply:** ${exempt}`;
}

/** A suite whose own title carries the number stands for all of its tests. */
function proofOf({ number }, own) {
  if (own.length === 0) return '';
  const lines = [`### Rule ${number}\n`];
  for (const [file, ofFile] of grouped(own, (test) => test.file)) {
    lines.push(`* \`${file}\``);
    for (const [suite, ofSuite] of grouped(ofFile, (test) => test.suite)) {
      const whole = numbersOf(suite).includes(number);
      lines.push(`  * ${plain(suite)}${whole ? ` (all ${ofSuite.length})` : ''}`);
      if (!whole) lines.push(...ofSuite.map(({ name }) => `    * ${plain(name)}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

function grouped(tests, key) {
  const groups = new Map();
  for (const test of tests) groups.set(key(test), [...(groups.get(key(test)) ?? []), test]);
  return groups;
}

/** Nothing in a title is markup. */
function plain(title) {
  return title.replace(/[\\`*_<>|]/g, '\\$&');
}
