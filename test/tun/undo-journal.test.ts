/** The undo journal: format, what counts after a crash, two gateways on one host. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { cleanup } from '../../src/tun/host.ts';
import {
  formatChange,
  type HostChange,
  parseChange,
  type SysctlChange,
  undoSteps,
} from '../../src/tun/host-change.ts';
import { readJournal, UndoJournal } from '../../src/tun/undo-journal.ts';
import { table, tests } from '../helpers/table.ts';

const FORWARD: SysctlChange = {
  kind: 'sysctl',
  path: 'net/ipv4/ip_forward',
  previous: '0',
  value: '1',
  others: { 'net/ipv4/conf/v0/forwarding': '1' },
};

const LINES: { name: string; change: HostChange; line: string }[] = [
  { name: 'device', change: { kind: 'device', device: 'n' }, line: '{"kind":"device","device":"n"}' },
  {
    name: 'link',
    change: { kind: 'link', device: 'n', mtu: 1500, up: false },
    line: '{"kind":"link","device":"n","mtu":1500,"up":false}',
  },
  {
    name: 'address',
    change: { kind: 'address', device: 'n', address: '10.2.2.1/32' },
    line: '{"kind":"address","device":"n","address":"10.2.2.1/32"}',
  },
  {
    name: 'route',
    change: { kind: 'route', device: 'n', prefix: '10.2.2.0/24' },
    line: '{"kind":"route","device":"n","prefix":"10.2.2.0/24"}',
  },
  {
    name: 'proxy',
    change: { kind: 'proxy', device: 'eth0', address: '2001:db8::46' },
    line: '{"kind":"proxy","device":"eth0","address":"2001:db8::46"}',
  },
  {
    name: 'sysctl',
    change: FORWARD,
    line:
      '{"kind":"sysctl","path":"net/ipv4/ip_forward","previous":"0","value":"1",' +
      '"others":{"net/ipv4/conf/v0/forwarding":"1"}}',
  },
];

table('one line a change', LINES, ({ change, line }) => {
  assert.is(formatChange(change), line);
  assert.equal(parseChange(line), change);
});

table(
  'lines that are no change',
  [
    { name: 'cut short', line: '{"kind":"route","device":"n","pre' },
    { name: 'no field', line: '{"kind":"route","device":"n"}' },
    { name: 'wrong type', line: '{"kind":"link","device":"n","mtu":"1500","up":true}' },
    { name: 'unknown kind', line: '{"kind":"firewall","device":"n"}' },
    { name: 'kind of an object', line: '{"kind":"toString"}' },
    { name: 'more than one word', line: '{"kind":"device","device":"n\\nlink del dev eth0"}' },
    {
      name: 'out of its folder',
      line: '{"kind":"sysctl","path":"../../etc/passwd","previous":"0","value":"1"}',
    },
    {
      name: 'others that are no settings',
      line: '{"kind":"sysctl","path":"a","previous":"0","value":"1","others":{"../x":"1"}}',
    },
    { name: 'null', line: 'null' },
    { name: 'empty', line: '' },
  ],
  ({ line }) => assert.is(parseChange(line), null),
);

tests('undoing a setting', {
  'restores it, then what the kernel changed along with it': () =>
    assert.equal(undoSteps(FORWARD, { read: () => '1' }), [
      { path: 'net/ipv4/ip_forward', value: '0' },
      { path: 'net/ipv4/conf/v0/forwarding', value: '1' },
    ]),
  'leaves alone what somebody changed meanwhile': () =>
    assert.equal(undoSteps(FORWARD, { read: () => '0' }), []),
  'leaves alone what was right before': () =>
    assert.equal(undoSteps({ ...FORWARD, previous: '1' }, { read: () => '1' }), []),
});

/** Runs with a folder of its own. */
function withFolder(check: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'nat46-journal-'));
  try {
    check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ROUTE: HostChange = { kind: 'route', device: 'n', prefix: '10.2.2.0/24' };

tests('the file', {
  'is made with its folder, and removed': () =>
    withFolder((folder) => {
      const path = join(folder, 'run', 'n.undo');
      const journal = UndoJournal.open(path);
      journal.record([ROUTE, FORWARD]);
      assert.equal(readJournal(path), [ROUTE, FORWARD]);
      journal.remove();
      assert.not(existsSync(path));
    }),
  'keeps the first line about a thing': () =>
    withFolder((folder) => {
      const path = join(folder, 'n.undo');
      const crashed = UndoJournal.open(path);
      crashed.record([FORWARD]);
      crashed.close();
      const journal = UndoJournal.open(path);
      journal.record([{ ...FORWARD, previous: '1' }, ROUTE]);
      assert.equal(journal.changes(), [FORWARD, ROUTE]);
      journal.close();
    }),
  'is locked while it is open': () =>
    withFolder((folder) => {
      const path = join(folder, 'n.undo');
      const journal = UndoJournal.open(path);
      assert.throws(() => UndoJournal.open(path), /in use: a gateway is running/);
      journal.close();
      UndoJournal.open(path).close();
    }),
  'leaves out a line that a crash cut short': () =>
    withFolder((folder) => {
      const path = join(folder, 'n.undo');
      const crashed = UndoJournal.open(path);
      crashed.record([ROUTE]);
      crashed.close();
      appendFileSync(path, '{"kind":"add');
      assert.equal(readJournal(path), [ROUTE]);
      const journal = UndoJournal.open(path);
      journal.record([FORWARD]);
      assert.equal(journal.changes(), [ROUTE, FORWARD]);
      journal.close();
    }),
  'forgets what was done in another network namespace': () =>
    withFolder((folder) => {
      const path = join(folder, 'n.undo');
      writeFileSync(path, `{"namespace":"net:[1]"}\n${formatChange(ROUTE)}\n`);
      const journal = UndoJournal.open(path);
      assert.equal(journal.changes(), []);
      journal.close();
    }),
  'cleanup leaves one of another network namespace alone, and says where it belongs': () =>
    withFolder((folder) => {
      const path = join(folder, 'n.undo');
      const text = `{"namespace":"net:[1]"}\n${formatChange(ROUTE)}\n`;
      writeFileSync(path, text);
      assert.throws(() => cleanup(path), /was written in network namespace net:\[1\].*run it there/);
      assert.is(readFileSync(path, 'utf8'), text);
    }),
  'of no use when its folder cannot be written': () => {
    assert.throws(() => UndoJournal.open('/dev/null/n.undo'), /\/dev\/null\/n.undo cannot be written/);
  },
});

tests('two gateways that need one setting', {
  'the last to leave restores it': () =>
    withFolder((folder) => {
      const [one, other] = [
        UndoJournal.open(join(folder, 'a.undo')),
        UndoJournal.open(join(folder, 'b.undo')),
      ];
      one.record([FORWARD]);
      other.record([{ ...FORWARD, previous: '1' }]);
      assert.ok(one.handOver(FORWARD));
      assert.equal(other.changes().at(-1), FORWARD);
      one.remove();
      assert.not(other.handOver(FORWARD));
      other.remove();
    }),
  'a file of another kind, or of another namespace, is no heir': () =>
    withFolder((folder) => {
      const journal = UndoJournal.open(join(folder, 'a.undo'));
      writeFileSync(join(folder, 'notes.txt'), formatChange(FORWARD));
      writeFileSync(join(folder, 'b.undo'), `{"namespace":"net:[1]"}\n${formatChange(FORWARD)}\n`);
      assert.not(journal.handOver(FORWARD));
      assert.is(readFileSync(join(folder, 'notes.txt'), 'utf8'), formatChange(FORWARD));
      journal.close();
    }),
});
