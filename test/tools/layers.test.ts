/**
 * The layer rule is checked by `npm run check`; here the check itself is proven: every forbidden import, planted in a
 * copy of the sources, is found, and the sources as they are pass. So is the purity of the core, by its text.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { table, tests } from '../helpers/table.ts';

const ROOT = process.cwd();
const CORE = ['wire', 'xlat', 'nat', 'datapath'];

interface Plant {
  name: string;
  rule: string;
  from: string;
  imports: string;
}

const PLANTS: readonly Plant[] = [
  { name: 'wire → nat', rule: 'wire-imports-nothing', from: 'wire/p1.ts', imports: '../nat/plant.ts' },
  { name: 'wire → package', rule: 'wire-imports-nothing', from: 'wire/p2.ts', imports: 'ipaddr.js' },
  { name: 'xlat → nat', rule: 'xlat-imports-wire', from: 'xlat/p1.ts', imports: '../nat/plant.ts' },
  { name: 'xlat → node:', rule: 'xlat-imports-wire', from: 'xlat/p2.ts', imports: 'node:crypto' },
  { name: 'nat → xlat', rule: 'nat-imports-wire', from: 'nat/p1.ts', imports: '../xlat/plant.ts' },
  { name: 'nat → leaf', rule: 'nat-imports-wire', from: 'nat/p2.ts', imports: '../error.ts' },
  {
    name: 'datapath → shell',
    rule: 'datapath-imports-core',
    from: 'datapath/p1.ts',
    imports: '../tun/plant.ts',
  },
  { name: 'datapath → node:', rule: 'datapath-imports-core', from: 'datapath/p2.ts', imports: 'node:fs' },
  { name: 'dns46 → store', rule: 'shells-are-strangers', from: 'dns46/p1.ts', imports: '../store/plant.ts' },
  {
    name: 'stats → config',
    rule: 'shells-are-strangers',
    from: 'stats/p1.ts',
    imports: '../config/plant.ts',
  },
  {
    name: 'commands → store',
    rule: 'commands-import-no-inner-shell',
    from: 'commands/p1.ts',
    imports: '../store/plant.ts',
  },
  { name: 'error → node:', rule: 'error-is-a-leaf', from: 'error.ts', imports: 'node:util' },
  { name: 'address → node:', rule: 'address-is-a-leaf', from: 'address.ts', imports: 'node:net' },
  { name: 'a file beside → shell', rule: 'main-knows-commands', from: 'p1.ts', imports: './tun/plant.ts' },
  {
    name: 'control → gateway',
    rule: 'gateway-stays-on-top',
    from: 'control/p1.ts',
    imports: '../gateway/plant.ts',
  },
  { name: 'cycle', rule: 'no-cycles', from: 'wire/p3.ts', imports: './p4.ts' },
  { name: 'nowhere', rule: 'resolvable', from: 'tun/p1.ts', imports: './nowhere.ts' },
  { name: 'tun → test', rule: 'nothing-of-the-tests', from: 'tun/p2.ts', imports: '../../test/plant.ts' },
  { name: 'tun → uvu', rule: 'no-development-packages', from: 'tun/p3.ts', imports: 'uvu' },
];

/** A folder with a copy of the sources that the rules can be run on. */
function copyOfSources(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-layers-'));
  for (const name of ['src', 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

function plant(folder: string): void {
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    appendFileSync(path.join(folder, name), text);
  };
  for (const target of ['nat', 'xlat', 'tun', 'store', 'config', 'gateway'])
    put(`src/${target}/plant.ts`, 'export {};\n');
  put('test/plant.ts', 'export {};\n');
  put('src/wire/p4.ts', "import './p3.ts';\n");
  for (const row of PLANTS) put(`src/${row.from}`, `\nimport '${row.imports}';\n`);
}

/** Findings as `rule file`. */
function cruise(folder: string): string[] {
  const bin = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert.ok(stdout.startsWith('{'), stderr);
  const { summary } = JSON.parse(stdout) as {
    summary: { totalCruised: number; violations: { from: string; rule: { name: string } }[] };
  };
  assert.ok(summary.totalCruised > 10, 'it looked at the sources');
  return summary.violations.map((violation) => `${violation.rule.name} ${violation.from}`);
}

let findings: string[] | undefined;

/** In a copy with everything planted; looked at once, by whichever test is first. */
function found(): string[] {
  if (findings !== undefined) return findings;
  const folder = copyOfSources();
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  plant(folder);
  findings = cruise(folder);
  return findings;
}

table('layers: a planted import is found', PLANTS, (row) => {
  assert.ok(found().includes(`${row.rule} src/${row.from}`), `${row.rule} did not see src/${row.from}`);
});

tests('layers: the sources as they are', {
  'no forbidden import but the planted ones': () => {
    const planted = new Set(PLANTS.map((row) => `src/${row.from}`).concat('src/wire/p4.ts'));
    const others = found().filter((finding) => !planted.has(finding.split(' ')[1] ?? ''));
    assert.equal(others, []);
  },
});

const IMPURE: readonly { name: string; pattern: RegExp; example: string }[] = [
  { name: 'clock', pattern: /\bDate\b|\bperformance\b/, example: 'const t = Date.now();' },
  { name: 'randomness', pattern: /\bMath\.random\b|\bcrypto\b/, example: 'Math.random()' },
  {
    name: 'timers',
    pattern: /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
    example: 'setTimeout(f, 1)',
  },
  { name: 'process', pattern: /\bprocess\./, example: 'process.exit(1)' },
  { name: 'waiting', pattern: /\b(await|async|Promise)\b/, example: 'await x' },
  { name: 'BigInt', pattern: /\b(\d[\d_]*|0x[\da-f_]+)n\b|\bBigInt/, example: 'x & 0xffn' },
  { name: 'Buffer', pattern: /\bBuffer\b/, example: 'Buffer.from(x)' },
  { name: 'console', pattern: /\bconsole\b/, example: 'console.log(x)' },
  { name: 'dynamic import', pattern: /\bimport\(|\brequire\(/, example: "import('x')" },
];

/** The code of a file without its comments: words in prose are free. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}

function impure(text: string, pattern: RegExp): boolean {
  return pattern.test(code(text));
}

table('core is pure: no clock, randomness, waiting, process', IMPURE, (row) => {
  assert.ok(impure(row.example, row.pattern), 'the pattern finds its example');
  assert.not(impure(`// ${row.example}\n/* ${row.example} */`, row.pattern), 'and not in a comment');
  for (const layer of CORE) {
    for (const name of readdirSync(path.join(ROOT, 'src', layer))) {
      const text = readFileSync(path.join(ROOT, 'src', layer, name), 'utf8');
      assert.not(impure(text, row.pattern), `src/${layer}/${name}: ${row.name}`);
    }
  }
});
