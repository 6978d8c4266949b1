/**
 * Bad input to `nat46 siit`: one clear line that names flag, value and remedy, and the documented exit code.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Flags } from '../helpers/gateway.ts';
import { POOL6, SiitLab } from '../helpers/siit-lab.ts';

interface Row {
  name: string;
  flags: Flags;
  exit: number;
  /** What the line must contain. */
  says: readonly string[];
}

const eam = (value: string): Flags => ({ eam: value });

const ROWS: readonly Row[] = [
  {
    name: 'nothing to translate by',
    flags: { pool6: null },
    exit: 78,
    says: ['--pool6', '--eam', '--map-file'],
  },
  {
    name: 'RFC 6052 §2.2 [37] a prefix of another length',
    flags: { pool6: '2001:db8::/63' },
    exit: 78,
    says: ['pool6', '2001:db8::/63', '64, 96'],
  },
  {
    name: 'RFC 6052 §2.2 [37] bits 64 to 71 of a /96',
    flags: { pool6: '2001:db8:0:0:100::/96' },
    exit: 78,
    says: ['pool6', '2001:db8:0:0:100::/96'],
  },
  {
    name: 'RFC 7757 §3.2 [36] an IPv6 suffix shorter than the IPv4 one',
    flags: eam('192.0.2.0/24=2001:db8::/126'),
    exit: 78,
    says: ['eam', '192.0.2.0/24'],
  },
  {
    name: 'RFC 7757 §3.2 [36] bits behind the IPv4 prefix',
    flags: eam('192.0.2.1/24=2001:db8::/120'),
    exit: 78,
    says: ['eam', '192.0.2.1/24'],
  },
  {
    name: 'a hairpin mode that is none',
    flags: { hairpin: 'on' },
    exit: 78,
    says: ['hairpin', 'on', 'intrinsic'],
  },
  {
    name: 'RFC 8200 §5 [7] fragments below 1280',
    flags: { 'lowest-ipv6-mtu': '1279' },
    exit: 78,
    says: ['lowest-ipv6-mtu', '1279', '1280'],
  },
  {
    name: 'no file of that name',
    flags: { 'map-file': '/nowhere/map' },
    exit: 78,
    says: ['map-file', '/nowhere/map', 'ENOENT'],
  },
  { name: 'a misspelt flag', flags: { pool: POOL6 }, exit: 2, says: ['--pool', '--pool6'] },
  {
    name: 'a device that is not there to attach to',
    flags: { attach: true, tun: 'nosuch0' },
    exit: 1,
    says: ['nosuch0'],
  },
];

/** Lines of map files that are no mappings: what is in the file, where it is wrong, what is said. */
const FILES = [
  ['# all well\nmap 192.0.2.1 2001:db8::1\n192.0.2.2 2001:db8::2\n', 3, 'map V4'],
  ['map 192.0.2.0/24 2001:db8::/121\n', 1, '8 bits'],
] as const;

const it = suite('siit bad input');
let lab: SiitLab;
it.before(async () => {
  lab = await SiitLab.up();
});
it.after(() => lab?.down());

/** Starts it to its end, and checks that it says one line with these parts. */
async function refuses(flags: Flags, exit: number, says: readonly string[]): Promise<void> {
  const translator = lab.translator({ pool6: POOL6, tun: 'siit', ...flags });
  assert.is(await translator.ended, exit, translator.log);
  const lines = translator.log
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'));
  assert.is(lines.length, 1, translator.log);
  for (const part of says) assert.match(lines[0] ?? '', part);
}

for (const { name, flags, exit, says } of ROWS) it(`${name}: exit ${exit}`, () => refuses(flags, exit, says));

for (const [i, [text, line, says]] of FILES.entries()) {
  it(`a map file with a mistake in line ${line} (${i + 1}): exit 78`, async () => {
    const file = path.join(lab.folder, `map${i}`);
    writeFileSync(file, text);
    await refuses({ 'map-file': file }, 78, [`${file}:${line}:`, says]);
  });
}

it('several mistakes are all named, a line each', async () => {
  const translator = lab.translator({ pool6: 'x', hairpin: 'y', self4: 'z' });
  assert.is(await translator.ended, 78);
  assert.is(translator.log.trim().split('\n').length, 3, translator.log);
});

it('nothing of all that is left on the host', async () => {
  assert.is((await lab.ok('gw', ['ip', '-o', 'link', 'show', 'type', 'tun'])).trim(), '');
});

it.run();
