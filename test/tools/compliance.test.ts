/**
 * `docs/compliance.md` is checked by `npm run check`; here the check itself is proven: in a small project of three
 * rules and two test files, with the real scripts, every planted violation is found and nothing is written.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { table, tests } from '../helpers/table.ts';

const ROOT = process.cwd();
const COPIED = ['package.json', 'scripts/compliance', 'scripts/test-files.mjs', 'dist/test/helpers/table.js'];

interface Rule {
  number: number;
  source: string;
  rule: string;
  open?: string;
  exempt?: string;
}

const RULES: readonly Rule[] = [
  { number: 1, source: 'RFC 9999 §1', rule: 'proven' },
  { number: 2, source: 'RFC 9999 §2', rule: 'does not apply', exempt: 'there is none' },
  { number: 3, source: 'RFC 9999 §3', rule: 'not complete', open: 'half of it' },
];
const FOURTH: Rule = { number: 4, source: 'RFC 9999 §4', rule: 'forgotten' };

/** A small project that passes once its document is written. */
class Project {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'nat46-compliance-'));
  readonly document = path.join(this.folder, 'docs/compliance.md');

  constructor() {
    for (const name of COPIED)
      cpSync(path.join(ROOT, name), path.join(this.folder, name), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(this.folder, 'node_modules'));
    this.rules(RULES);
    this.test('a', "'[1] first': () => {}, '[1] [3] second': () => {}");
    this.test('e2e/b', "'[1] with packets': () => {}");
  }

  get text(): string | null {
    return existsSync(this.document) ? readFileSync(this.document, 'utf8') : null;
  }

  rules(rules: readonly Rule[]): void {
    this.put('docs/checklist.json', JSON.stringify([{ title: 'All', rules }]));
  }

  test(name: string, cases: string): void {
    const helper = name.includes('/') ? '../helpers/table.js' : './helpers/table.js';
    this.code(name, `import { tests } from '${helper}';\ntests('suite', { ${cases} });\n`);
  }

  code(name: string, text: string): void {
    this.put(`test/${name}.test.ts`, '');
    this.put(`dist/test/${name}.test.js`, text);
  }

  put(name: string, text: string): void {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  run(...args: string[]): { status: number | null; stderr: string } {
    const script = path.join(this.folder, 'scripts/compliance/compliance.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    return { status, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Plant {
  name: string;
  plant: (project: Project) => void;
  /** What the check says. */
  says: RegExp;
  /** Writing anew mends it: rules and tests match, only the document is old. */
  mended?: boolean;
}

const PLANTS: readonly Plant[] = [
  {
    name: 'a rule with neither test nor reason',
    plant: (p) => p.rules([...RULES, FOURTH]),
    says: /rule 4: no title carries \[4\]/,
  },
  {
    name: 'a rule whose last test is gone',
    plant: (p) => {
      p.test('a', "'first': () => {}");
      p.test('e2e/b', "'with packets': () => {}");
    },
    says: /rule 1: no title carries \[1\]/,
  },
  {
    name: 'a number in a comment or in code, not in a title',
    plant: (p) => {
      p.rules([...RULES, FOURTH]);
      p.test('a', "'[1] first': () => '[4]' /* [4] */");
    },
    says: /rule 4: no title carries \[4\]/,
  },
  {
    name: 'a compiled test whose source is gone does not count',
    plant: (p) => {
      p.rules([...RULES, FOURTH]);
      p.put(
        'dist/test/gone.test.js',
        "import { tests } from './helpers/table.js';\ntests('s', { '[4] x': () => {} });\n",
      );
    },
    says: /rule 4: no title carries \[4\]/,
  },
  {
    name: 'a number of no rule',
    plant: (p) => p.test('a', "'[1] first': () => {}, '[9] x': () => {}"),
    says: /test\/a\.test\.ts: \[9\] is no rule: suite: \[9\] x/,
  },
  {
    name: 'a number of no rule, end to end',
    plant: (p) => p.test('e2e/b', "'[0] x': () => {}"),
    says: /test\/e2e\/b\.test\.ts: \[0\] is no rule/,
  },
  {
    name: 'a number of no rule in the title of a suite',
    plant: (p) =>
      p.code('a', "import { tests } from './helpers/table.js';\ntests('[7] s', { '[1] x': () => {} });\n"),
    says: /\[7\] is no rule: \[7\] s: \[1\] x/,
  },
  {
    name: 'two numbers in one pair of brackets',
    plant: (p) => p.test('a', "'[1, 3] first': () => {}"),
    says: /one number in a pair of brackets: suite: \[1, 3\] first/,
  },
  {
    name: 'a rule that does not apply, yet is proven',
    plant: (p) => p.test('a', "'[1] [2] first': () => {}"),
    says: /rule 2: does not apply, yet test\/a\.test\.ts proves it/,
  },
  {
    name: 'a rule that is open and does not apply',
    plant: (p) => p.rules([...RULES, { ...FOURTH, open: 'x', exempt: 'y' }]),
    says: /rule 4 is open and does not apply: choose/,
  },
  {
    name: 'a reason that says nothing',
    plant: (p) => p.rules([...RULES, { ...FOURTH, open: '' }]),
    says: /rule 4 gives no reason/,
  },
  {
    name: 'a rule without source',
    plant: (p) => p.rules([...RULES, { ...FOURTH, source: '', open: 'x' }]),
    says: /rule 4 lacks its text or its source/,
  },
  {
    name: 'a rule that is missing',
    plant: (p) => p.rules([RULES[0]!, RULES[2]!]),
    says: /rule 3 stands where 2 belongs/,
  },
  {
    name: 'a number of no rule in a suite of uvu itself',
    plant: (p) =>
      p.code(
        'a',
        "import { suite } from 'uvu';\nconst it = suite('[1] s');\nit('[9] x', () => {});\nit.run();\n",
      ),
    says: /\[9\] is no rule: \[1\] s: \[9\] x/,
  },
  {
    name: 'a suite that never runs does not count',
    plant: (p) => {
      p.rules([...RULES, FOURTH]);
      p.code('c', "import { suite } from 'uvu';\nsuite('s')('[4] x', () => {});\n");
    },
    says: /rule 4: no title carries \[4\]/,
  },
  {
    name: 'a test file that cannot be loaded',
    plant: (p) => p.code('a', "throw new Error('broken');\n"),
    says: /test\/a\.test\.ts: cannot be loaded; run: scripts\/build[\s\S]*broken/,
  },
  {
    name: 'a document edited by hand',
    plant: (p) => appendFileSync(p.document, 'All is well.\n'),
    says: /docs\/compliance\.md is not what the tests say; run: npm run compliance/,
    mended: true,
  },
  {
    name: 'a document that is missing',
    plant: (p) => rmSync(p.document),
    says: /docs\/compliance\.md is not what the tests say/,
    mended: true,
  },
  {
    name: 'a document older than a title',
    plant: (p) => p.test('a', "'[1] another first': () => {}"),
    says: /docs\/compliance\.md is not what the tests say/,
    mended: true,
  },
  {
    name: 'a document older than a rule',
    plant: (p) => p.rules([{ ...RULES[0]!, rule: 'proven better' }, ...RULES.slice(1)]),
    says: /docs\/compliance\.md is not what the tests say/,
    mended: true,
  },
];

/** What to do with a project of its own; it is removed afterwards. */
function inProject(use: (project: Project) => void): () => void {
  return () => {
    const project = new Project();
    try {
      use(project);
    } finally {
      project.remove();
    }
  };
}

let written = '';

tests('compliance: the document', {
  'is written, and then passes': inProject((project) => {
    assert.is(project.run().status, 0);
    written = project.text ?? '';
    assert.equal(project.run('--check'), { status: 0, stderr: '' });
  }),
  'counts, remarks, and which tests': () => {
    assert.match(written, '* 3 statements: 1 proven, 1 open, 1 not applicable.');
    assert.match(written, '| [1](#rule-1) | RFC 9999 §1 | proven | 2 | 1 |');
    assert.match(written, '| 2 | RFC 9999 §2 | does not apply **Does not apply:** there is none |  |  |');
    assert.match(written, '| [3](#rule-3) | RFC 9999 §3 | not complete **Open:** half of it | 1 |  |');
    assert.match(written, /### Rule 1\n\n\* `test\/a\.test\.ts`\n {2}\* suite\n {4}\* \[1\] first\n/);
  },
  'is not written over when rules and tests do not match': inProject((project) => {
    project.put('docs/compliance.md', written);
    project.rules([...RULES, FOURTH]);
    assert.is(project.run().status, 1);
    assert.is(project.text, written);
  }),
  'an unknown argument: usage': inProject((project) => {
    assert.equal(project.run('--verify'), { status: 2, stderr: 'usage: npm run compliance\n' });
  }),
});

table('compliance: a planted violation is found', PLANTS, ({ plant, says, mended = false }) => {
  inProject((project) => {
    project.put('docs/compliance.md', written);
    plant(project);
    const before = project.text;
    const { status, stderr } = project.run('--check');
    assert.is(status, 1);
    assert.match(stderr, says);
    assert.is(project.text, before, 'a check writes nothing');
    if (mended) assert.is(project.run().status, 0, 'written anew it passes');
  })();
});
