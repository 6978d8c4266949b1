/**
 * DNS46 as stub resolvers of real hosts use it, in network namespaces: glibc, musl, curl, kdig.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const SYNTHETIC = /^10\.244\.50\.\d+$/;

/** A static program, so that it resolves names as musl does. */
async function prepare(lab: Lab): Promise<string> {
  const program = path.join(lab.name('LAB_DIR'), 'resolve');
  execFileSync('musl-gcc', ['-static', '-O1', '-o', program, 'test/helpers/resolve.c']);
  await lab.startGateway({
    'dns-listen': [`${lab.name('RESOLVER')}:53`, '0.0.0.0:5300', '[::]:5300'],
    'dns-zone': `east.example=${lab.name('DNS4_SECOND')}`,
    'dns-hints': 'synthesize',
  });
  return program;
}

async function dig(lab: Lab, server: string, ...args: string[]): Promise<string> {
  return lab.ok('cl1', ['kdig', `@${server}`, '+timeout=5', '+retry=0', ...args]);
}

/** IPv4 addresses of a name as musl finds them. It also returns the AAAA records that an answer shows (`--dns-aaaa`). */
async function resolved(lab: Lab, musl: string, name: string): Promise<string[]> {
  const found = (await lab.ok('cl1', [musl, name])).trim().split('\n');
  return found.filter((address) => !address.includes(':'));
}

labTests('DNS46 in the lab', prepare, {
  'glibc and musl get the same synthetic address, and curl a page [64]': async (lab, musl) => {
    const glibc = await lab.lookup('web');
    assert.match(glibc, SYNTHETIC);
    assert.equal(await resolved(lab, musl, `web.${lab.name('ZONE')}`), [glibc]);
    const page = await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', `http://web.${lab.name('ZONE')}/`]);
    assert.match(page, 'Hello from the IPv6-only server.');
  },
  'several addresses, through an alias, native: both libraries agree': async (lab, musl) => {
    for (const name of ['many', 'alias', 'v4only', 'dual'].map((label) => `${label}.${lab.name('ZONE')}`)) {
      const glibc = (await lab.ok('cl1', ['getent', 'ahostsv4', name]))
        .split('\n')
        .map((row) => row.split(' ')[0]);
      const found = await resolved(lab, musl, name);
      assert.ok(found.length > 0, name);
      assert.equal(found.toSorted(), [...new Set(glibc)].filter(Boolean).toSorted());
    }
  },
  'a name that does not exist does not exist for either': async (lab, musl) => {
    const name = `nothing.${lab.name('ZONE')}`;
    assert.is((await lab.exec('cl1', ['getent', 'ahostsv4', name])).code, 2);
    assert.is((await lab.exec('cl1', [musl, name])).code, 1);
  },
  'on a wildcard listener the reply leaves from the address that was asked': async (lab) => {
    const own = lab.name('SUBNET').replace(/0\/24$/, '1');
    const asked = [lab.name('CL1_GW'), lab.name('CL2_GW'), lab.name('DNS4_GW'), lab.name('RESOLVER'), own];
    for (const address of asked) {
      const out = await dig(lab, address, '-p', '5300', `web.${lab.name('ZONE')}`, 'A');
      assert.match(out, `From ${address}@5300(UDP)`);
      assert.match(out, 'status: NOERROR');
    }
  },
  'over IPv6 too, and it is counted apart': async (lab) => {
    const address = lab.name('GW_OUTSIDE');
    const args = [
      'kdig',
      `@${address}`,
      '-p',
      '5300',
      '+timeout=5',
      '+retry=0',
      `web.${lab.name('ZONE')}`,
      'A',
    ];
    const out = await lab.ok('rt', args);
    assert.match(out, `From ${address}@5300(UDP)`);
    assert.match(out, 'status: NOERROR');
    const stat = ['virtual_server_stat', '-s', 'name,clientside.tot_conns'];
    const { stdout } = await lab.nat46('tmctl', '-f', lab.name('LAB_STATE'), ...stat);
    assert.match(stdout, /egress-dns-ipv6\s+1$/m);
  },
  'HTTPS: the hint is the synthetic address, and curl reaches it [76]': async (lab) => {
    const address = await lab.lookup('web');
    const out = await dig(lab, lab.name('RESOLVER'), `web.${lab.name('ZONE')}`, 'TYPE65');
    assert.match(out, `ipv4hint=${address}`);
    assert.not.match(out, 'ipv6hint');
    const host = `web.${lab.name('ZONE')}:80:${address}`;
    await lab.ok('cl1', [
      'curl',
      '-sS',
      '--max-time',
      '10',
      '--resolve',
      host,
      `http://web.${lab.name('ZONE')}/`,
    ]);
  },
  'PTR of a synthetic address leads to the real one [72]': async (lab) => {
    const address = await lab.lookup('web');
    const out = await dig(lab, lab.name('RESOLVER'), '-x', address);
    assert.match(out, /CNAME\s+6\.0\.2\.0\.2\.0\.0\.0\./);
  },
  'a record deleted by hand is not in any answer any more, cached or not [80] [82]': async (lab) => {
    const before = await lab.lookup('host1');
    assert.is((await lab.control('dssm', 'del', before)).code, 0);
    const set = await lab.control('dssm', 'set', before, '2002::10:20:2:99');
    assert.is(set.code, 0, set.stderr);
    const after = await lab.lookup('host1');
    assert.match(after, SYNTHETIC);
    assert.is.not(after, before);
  },
  'names of a configured zone go to its server': async (lab) => {
    const out = await dig(lab, lab.name('RESOLVER'), 'x.east.example', 'TXT');
    assert.match(out, /status: (NXDOMAIN|REFUSED)/);
    const stat = await lab.nat46('tmctl', '-f', lab.name('LAB_STATE'), 'dns46_stat', '-s', 'zoned');
    assert.match(stat.stdout, /\s[1-9]\d*\s*$/);
  },
  'what is counted is there to be seen': async (lab) => {
    const { stdout } = await lab.nat46(
      'tmctl',
      '-f',
      lab.name('LAB_STATE'),
      'dns46_stat',
      '-s',
      'cached,reverse,hints',
    );
    const [cached, reverse, hints] = stdout.trim().split('\n').at(-1)?.trim().split(/\s+/) ?? [];
    for (const count of [cached, reverse, hints]) assert.ok(Number(count) > 0, stdout);
  },
});
