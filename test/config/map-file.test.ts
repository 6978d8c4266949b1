/** Files of explicit address mappings, and which of several mappings holds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { formatPrefix } from '../../src/config/address-pairs.ts';
import { parseMapFile, reconcile } from '../../src/config/map-file.ts';
import { parseSiitConfig, readPairs } from '../../src/config/siit-config.ts';
import { table, tests } from '../helpers/table.ts';

function texts(pairs: ReturnType<typeof reconcile>['pairs']): string[] {
  return pairs.map(({ v4, v6 }) => `${formatPrefix(v4, 4)} ${formatPrefix(v6, 6)}`).sort();
}

tests('map file', {
  'comments, blank lines, any white space': () => {
    const { pairs, problems } = parseMapFile(
      'm',
      '# hosts\n\nmap 192.0.2.1 2001:db8::1 # web\r\n\tmap\t192.0.2.8/29  2001:db8::8/125\n',
    );
    assert.equal(problems, []);
    assert.equal(texts(pairs.map(({ pair }) => pair)), [
      '192.0.2.1 2001:db8::1',
      '192.0.2.8/29 2001:db8::8/125',
    ]);
    assert.equal(
      pairs.map(({ place }) => place),
      ['m:3', 'm:4'],
    );
  },
  'an empty file has no mappings': () => assert.equal(parseMapFile('m', ''), { pairs: [], problems: [] }),
});

const HOW = 'not a mapping; write map V4[/len] V6[/len], as in map 192.0.2.1 2001:db8::1';

table(
  'map file: every problem has its place',
  [
    { name: 'another word', text: 'mop 192.0.2.1 2001:db8::1', problem: `m:1:1: ${HOW}` },
    { name: 'one address', text: '\n  map 192.0.2.1', problem: `m:2:3: ${HOW}` },
    { name: 'three addresses', text: 'map 192.0.2.1 2001:db8::1 x', problem: `m:1:27: ${HOW}` },
    {
      name: 'wrong order',
      text: 'map 2001:db8::1 192.0.2.1',
      problem: 'm:1:5: 2001:db8::1: not an IPv4 address or prefix; write it as in 192.0.2.1 or 192.0.2.0/24',
    },
    {
      name: 'host bits',
      text: 'map 192.0.2.1 2001:db8::1/64',
      problem: 'm:1:15: 2001:db8::1/64: host bits are set; the prefix is 2001:db8::/64',
    },
  ],
  ({ text, problem }) => assert.equal(parseMapFile('m', text).problems, [problem]),
);

/** Lines of a file as placed pairs. */
const lines = (place: string, ...text: string[]) => parseMapFile(place, text.join('\n')).pairs;

tests('which mapping holds', {
  'a later line before an earlier one': () => {
    const { pairs, duplicates } = reconcile(
      [],
      lines('m', 'map 192.0.2.1 2001:db8::1', 'map 192.0.2.1 2001:db8::2'),
    );
    assert.equal(texts(pairs), ['192.0.2.1 2001:db8::2']);
    assert.equal(duplicates, ['m:1: map 192.0.2.1 2001:db8::1 is not used: m:2 maps the same prefix']);
  },
  'the same on the IPv6 side': () => {
    const { pairs } = reconcile([], lines('m', 'map 192.0.2.1 2001:db8::1', 'map 192.0.2.2 2001:db8::1'));
    assert.equal(texts(pairs), ['192.0.2.2 2001:db8::1']);
  },
  'a line that replaces two': () => {
    const { pairs, duplicates } = reconcile(
      [],
      lines('m', 'map 192.0.2.1 2001:db8::1', 'map 192.0.2.2 2001:db8::2', 'map 192.0.2.1 2001:db8::2'),
    );
    assert.equal(texts(pairs), ['192.0.2.1 2001:db8::2']);
    assert.is(duplicates.length, 2);
  },
  'a flag before a line': () => {
    const { pairs } = reconcile(
      lines('--eam', 'map 192.0.2.1 2001:db8::9'),
      lines('m', 'map 192.0.2.1 2001:db8::1'),
    );
    assert.equal(texts(pairs), ['192.0.2.1 2001:db8::9']);
  },
  'RFC 7757 §3.3 [36] a prefix inside another stays, with a warning': () => {
    const { pairs, overlaps } = reconcile(
      [],
      lines('m', 'map 192.0.2.0/24 2001:db8::/120', 'map 192.0.2.8/29 2001:db8:1::/125'),
    );
    assert.is(pairs.length, 2);
    assert.equal(overlaps, ['m:2: 192.0.2.8/29 lies inside 192.0.2.0/24 of m:1; the longer prefix holds']);
  },
  'the same on the IPv6 side, with a warning': () => {
    const { overlaps } = reconcile(
      [],
      lines('m', 'map 192.0.2.0/24 2001:db8::/120', 'map 198.51.100.1 2001:db8::1'),
    );
    assert.equal(overlaps, ['m:2: 2001:db8::1 lies inside 2001:db8::/120 of m:1; the longer prefix holds']);
  },
  'many overlaps are a number': () => {
    const hosts = Array.from({ length: 9 }, (_, i) => `--eam 192.0.2.${i + 1}=2001:db8:1::${i + 1}`).join(
      ' ',
    );
    const config = parseSiitConfig(`--eam 192.0.2.0/24=2001:db8::/120 ${hosts}`.split(' '), {});
    const { warnings } = readPairs(config);
    assert.is(warnings.length, 6);
    assert.is(warnings.at(-1), '4 more overlaps');
  },
  'an own address inside a mapping, with a warning': () => {
    const args = '--eam 192.0.2.0/24=2001:db8::/120 --self4 192.0.2.1';
    assert.equal(readPairs(parseSiitConfig(args.split(' '), {})).warnings, [
      '--self4 192.0.2.1 lies in the mapping of 192.0.2.0/24: its host is not reached',
    ]);
  },
  'the file is read as it is now': () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nat46-map-'));
    const file = path.join(folder, 'hosts.map');
    try {
      const config = parseSiitConfig(['--map-file', file], {});
      assert.throws(
        () => readPairs(config),
        (error: Error) =>
          error.message === `--map-file ${file} cannot be read (ENOENT): name a file of mappings`,
      );
      writeFileSync(file, 'map 192.0.2.1 2001:db8::1\n');
      assert.equal(texts([...readPairs(config).pairs]), ['192.0.2.1 2001:db8::1']);
      writeFileSync(file, 'map 192.0.2.2 2001:db8::2\n');
      assert.equal(texts([...readPairs(config).pairs]), ['192.0.2.2 2001:db8::2']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
