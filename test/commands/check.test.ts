/** `nat46 check` and `nat46 cleanup`. */
import * as assert from 'uvu/assert';
import { check } from '../../src/commands/check.ts';
import { cleanup } from '../../src/commands/cleanup.ts';
import { table, tests } from '../helpers/table.ts';
import { outcome, Paper } from './stand.ts';

const UPSTREAM = ['--dns-upstream', '192.0.2.53'];

tests('nat46 check', {
  'prints what would run, and where each value comes from': async () => {
    const reply = await outcome(check, ['--subnet', '10.244.50.0/24', ...UPSTREAM], { NAT46_MTU: '1400' });
    assert.is(reply.code, 0);
    assert.match(reply.out, /^FLAG +VALUE +FROM\n--tun +nat46 +default\n--mtu +1400 +NAT46_MTU\n/);
    assert.match(reply.out, /^--subnet +10\.244\.50\.0\/24 +flag$/m);
    assert.match(reply.out, /^--dns-listen +10\.244\.50\.1:53 +default$/m);
    assert.match(reply.out, /^--snat-pool +\(automap: a self IP, else an address on the link\) +default$/m);
    assert.match(reply.out, /^--no-setup +off +default$/m);
    assert.is(reply.notes, 'nat46: the configuration is valid\n');
  },
  'JSON is the configuration': async () => {
    const { out } = await outcome(check, ['-j', ...UPSTREAM, '--map', '10.2.2.9=2001:db8::9']);
    const config = JSON.parse(out);
    assert.is(config.subnet, '10.2.2.0/24');
    assert.equal(config.maps, [{ v4: '10.2.2.9', v6: '2001:db8::9' }]);
    assert.equal(config.dnsUpstream, [{ address: '192.0.2.53', port: 53 }]);
  },
  CSV: async () => {
    const { out } = await outcome(check, ['-o', 'csv', ...UPSTREAM]);
    assert.match(out, /^flag,value,from\r\n--tun,nat46,default\r\n/);
  },
  'all problems, a line each, exit 78': async () => {
    const reply = await outcome(check, ['--subnet', 'x', '--mtu', '1']);
    assert.is(reply.code, 78);
    assert.is(reply.out, '');
    assert.is(reply.notes.trimEnd().split('\n').length, 2);
  },
  'a misspelt flag: exit 2': async () => {
    const reply = await outcome(check, ['--subent', 'x']);
    assert.is(reply.code, 2);
    assert.is(reply.notes, "unknown option '--subent' (Did you mean --subnet?); see nat46 check --help\n");
  },
});

table(
  'nat46 cleanup: whose leftovers',
  [
    { name: 'default', args: [], env: {}, path: '/dev/shm/nat46-nat46.state' },
    { name: '--tun', args: ['--tun', 'a'], env: { NAT46_STATE: '/x' }, path: '/dev/shm/nat46-a.state' },
    { name: '--state', args: ['--state', '/y', '--tun', 'a'], env: { NAT46_STATE: '/x' }, path: '/y' },
    { name: 'NAT46_STATE', args: [], env: { NAT46_STATE: '/x' }, path: '/x' },
    { name: 'NAT46_TUN', args: [], env: { NAT46_TUN: 'b' }, path: '/dev/shm/nat46-b.state' },
  ] as { name: string; args: string[]; env: Record<string, string>; path: string }[],
  async (row) => {
    const paper = new Paper();
    let asked = '';
    const code = await cleanup(row.args, { terminal: paper, env: row.env }, (statePath) => {
      asked = statePath;
      return { found: 3, problems: [], state: 'none' };
    });
    assert.is(code, 0);
    assert.is(asked, row.path);
    assert.is(paper.out, '3 changes taken back\n');
  },
);

tests('nat46 cleanup', {
  'nothing there': async () => {
    const paper = new Paper();
    assert.is(
      await cleanup([], { terminal: paper, env: {} }, () => ({ found: 0, problems: [], state: 'none' })),
      0,
    );
    assert.is(paper.out, 'nothing to clean up for /dev/shm/nat46-nat46.state\n');
  },
  'the state file stays, and goes when asked for': async () => {
    const undo = (_: string, forget: boolean) =>
      ({ found: 2, problems: [], state: forget ? 'removed' : 'kept' }) as const;
    const run = (...args: string[]) =>
      outcome((argv, surroundings) => cleanup(argv, surroundings, undo), ['--state', '/x', ...args]);
    assert.equal(await run(), {
      code: 0,
      out: '2 changes taken back\n',
      notes: 'nat46: /x stays: a start goes on with its sessions; --forget removes it\n',
    });
    assert.equal(await run('--forget'), { code: 0, out: '2 changes taken back, /x removed\n', notes: '' });
  },
  'what could not be taken back is named, exit 1, and so is the state file that stays because of it':
    async () => {
      const problems = ['route 10.2.2.0/24: busy', 'sysctl x: gone'];
      const run = (state: 'kept' | 'none', ...args: string[]) =>
        outcome(
          (argv, surroundings) => cleanup(argv, surroundings, () => ({ found: 5, problems, state })),
          ['--state', '/x', ...args],
        );
      const said = `${problems.join('\n')}\n`;
      assert.equal(await run('kept'), { code: 1, out: '', notes: said });
      assert.equal(await run('none', '--forget'), { code: 1, out: '', notes: said });
      assert.equal(await run('kept', '--forget'), {
        code: 1,
        out: '',
        notes: `${said}/x stays until that is taken back, too; then run this again\n`,
      });
    },
});
