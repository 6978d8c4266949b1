/**
 * A host where somebody has what a gateway wants: `nat46 doctor` says it beforehand, `nat46 run` says it too and leaves nothing.
 */
import { existsSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { Flags } from '../helpers/gateway.ts';
import type { Finished, Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const OTHER_SUBNET = '10.244.52.0/24';

/** Of a gateway beside the lab's own. */
function second(lab: Lab, flags: Flags): Flags {
  const state = `${lab.name('LAB_STATE')}.second`;
  const control = `${lab.name('LAB_DIR')}/second.sock`;
  const own = { tun: 'second', 'dns-listen': `${lab.name('CL1_GW')}:5353`, store: 'mem:', state, control };
  return { ...own, 'sorry-ip': null, subnet: OTHER_SUBNET, 'snat-pool': null, ...flags };
}

function doctor(lab: Lab, flags: Flags): Promise<Finished> {
  const given = { 'dns-upstream': lab.name('DNS4'), ...flags };
  const argv = Object.entries(given).flatMap(([flag, value]) =>
    typeof value === 'string' ? [`--${flag}`, value] : [],
  );
  return lab.nat46('doctor', '-o', 'csv', ...argv);
}

/** `run` and `doctor` with these flags end with 1 and a line like that; no file is left. */
async function bothRefuse(lab: Lab, flags: Flags, says: RegExp, line = says): Promise<void> {
  const wanted = second(lab, flags);
  const gateway = lab.spawnGateway(wanted);
  assert.is(await gateway.ended, 1, gateway.log);
  assert.match(gateway.log, says);
  assert.not.ok(existsSync(String(wanted.state)), 'no state file');
  const { code, stdout, stderr } = await doctor(lab, wanted);
  assert.is(code, 1, stdout);
  assert.match(stderr, line);
}

/** A program that has a port of the gateway's host, for TCP. */
async function listening<Result>(lab: Lab, address: string, run: () => Promise<Result>): Promise<Result> {
  const script = `require('net').createServer().listen(5353, '${address}', () => console.log('listens'))`;
  const program = lab.spawn('gw', [process.execPath, '-e', script]);
  await new Promise((resolve) => program.stdout?.once('data', resolve));
  try {
    return await run();
  } finally {
    program.kill();
  }
}

labTests(
  'somebody has it already',
  async (lab) => {
    await lab.startGateway({ 'snat-pool': null });
  },
  {
    'the gateway itself is in nobody’s way': async (lab) => {
      const [gateway] = lab.gateways;
      const own = {
        'dns-listen': `${lab.name('RESOLVER')}:53`,
        subnet: lab.name('SUBNET'),
        store: 'mem:',
        state: lab.name('LAB_STATE'),
      };
      const { code, stdout } = await doctor(lab, own);
      assert.is(code, 0, stdout);
      const listener = `dns listener,${lab.name('RESOLVER')}:53,"in use by node, pid ${gateway?.pid}: this gateway"`;
      assert.match(stdout, listener);
    },

    'another gateway has the subnet': (lab) =>
      bothRefuse(
        lab,
        { subnet: lab.name('SUBNET') },
        /--subnet 10\.244\.50\.0\/24: routed to nat46 already, the device of node, pid \d+; choose another --subnet/,
      ),

    'another gateway has the SNAT address': async (lab) => {
      const row = (await lab.control('status', '-o', 'csv')).stdout.match(/^snat_pool,(.*)\r$/m);
      const address = row?.[1] ?? '';
      await bothRefuse(
        lab,
        { 'snat-pool': address },
        new RegExp(`SNAT address ${address}: routed to nat46 already, .*; choose others with --snat-pool`),
      );
    },

    'a program listens on the address and port': (lab) =>
      listening(lab, lab.name('CL1_GW'), () =>
        bothRefuse(
          lab,
          {},
          /dns-listen 10\.244\.10\.1:5353: .*EADDRINUSE/,
          /dns listener 10\.244\.10\.1:5353: in use by node, pid \d+ \(EADDRINUSE\); stop it/,
        ),
      ),

    'a program listens everywhere, and the address is yet to come': (lab) =>
      listening(lab, '0.0.0.0', () =>
        bothRefuse(
          lab,
          { 'dns-listen': '192.0.2.53:5353' },
          /dns-listen 192\.0\.2\.53:5353: .*EADDRINUSE/,
          /dns listener 192\.0\.2\.53:5353: in use by node, pid \d+ \(EADDRINUSE\); stop it/,
        ),
      ),

    'an address that is yet to come is none of doctor’s worries': async (lab) => {
      const { code, stdout } = await doctor(lab, second(lab, { 'dns-listen': '192.0.2.53:5353' }));
      assert.is(code, 0, stdout);
      assert.match(stdout, 'dns listener,192.0.2.53:5353,will be put on second');
    },

    'a second gateway without --snat-pool has an address of its own': async (lab) => {
      const gateway = await lab.startGateway(second(lab, {}));
      assert.is(await gateway.kill('SIGTERM'), 0);
    },
  },
);
