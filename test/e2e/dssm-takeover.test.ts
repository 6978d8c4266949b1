/**
 * SNAT addresses and sessions between data gateways: one address, one gateway; 1,000 connections that outlive theirs; back to
 * the one that returns; handed over on purpose. The lab moves the routes.
 */
import type { ChildProcess } from 'node:child_process';
import * as assert from 'uvu/assert';
import { LEASE_MS } from '../../src/store/group.ts';
import { type DssmLab, dssmTests, type GatewayName } from '../helpers/dssm-lab.ts';
import type { Gateway } from '../helpers/gateway.ts';
import { until } from '../helpers/redis.ts';

const PORT = '7007';
const CONNECTIONS = 1000;
const ENDING = 20;
const SCRIPT = 'test/helpers/connections.py';
const POOL = [0, 1, 2, 3].map((n) => `2001::10:244:100:25${n}`);

/** Connections of cl1, held by a process that can be asked how many still work. */
class Connections {
  readonly #child: ChildProcess;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk;
    });
  }

  async opened(): Promise<number> {
    return this.#said('open', 0);
  }

  /** How many bring a byte there and back. */
  async alive(): Promise<number> {
    const from = this.#output.length;
    this.#child.stdin?.write('\n');
    return this.#said('alive', from);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  async #said(word: string, from: number): Promise<number> {
    const pattern = new RegExp(`${word} (\\d+)`);
    return until(word, 60_000, () => {
      const found = pattern.exec(this.#output.slice(from))?.[1];
      return found === undefined ? null : Number(found);
    });
  }
}

async function hold(dssm: DssmLab, count = CONNECTIONS): Promise<Connections> {
  const address = await dssm.lab.lookup('web');
  const argv = ['/usr/bin/python3', SCRIPT, 'hold', address, PORT, String(count)];
  const held = new Connections(dssm.lab.spawn('cl1', argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
  assert.is(await held.opened(), count);
  return held;
}

/** Connections to the server that a gateway has as established. */
async function established(dssm: DssmLab, name: GatewayName): Promise<number> {
  const { stdout } = await dssm.control(name, ['sessions', '-j', 'state=established']);
  const sessions: { real: string }[] = JSON.parse(stdout);
  return sessions.filter(({ real }) => real.endsWith(`]:${PORT}`)).length;
}

/** Sessions in the journals of the store. */
async function journalled(dssm: DssmLab): Promise<number> {
  const lengths = await Promise.all(
    POOL.map((address) => dssm.cli('-n', '1', 'HLEN', `nat46:journal:${address}`)),
  );
  return lengths.reduce((sum, length) => sum + Number(length), 0);
}

interface Leases {
  held: string[];
  missing: string[];
  free: string[];
  inherited: string[];
  drained: boolean;
}

async function leases(dssm: DssmLab, name: GatewayName): Promise<Leases> {
  const { stdout } = await dssm.control(name, ['status', '-j']);
  return JSON.parse(stdout).snat_leases;
}

const inherited = (gateway: Gateway) =>
  gateway
    .messages(/^SNAT address leased$/)
    .filter((line) => line.isHome === false && Number(line.sessions) > 0);

let gw: Gateway;
let gw2: Gateway;
let connections: Connections;
/** End on the heir. */
let ending: Connections;

dssmTests(
  'dSSM: SNAT addresses and sessions between gateways',
  async (dssm) => {
    dssm.lab.spawn('srv', ['/usr/bin/python3', SCRIPT, 'serve', PORT], { stdio: 'ignore' });
    [, gw] = await Promise.all([dssm.start('gwdns'), dssm.start('gw')]);
  },
  {
    'a gateway whose addresses another one has says so, and refuses new sessions': async (dssm) => {
      const twin = await dssm.start('gw2', { 'snat-pool': dssm.lab.name('SNAT_POOL') });
      assert.equal(await leases(dssm, 'gw2'), {
        held: [],
        missing: POOL,
        free: [],
        inherited: [],
        drained: false,
      });
      assert.match((await dssm.control('gw2', ['status'])).stdout, /no lease: new sessions are refused/);
      const address = await dssm.lab.lookup('web');
      await dssm.route('gw2');
      const refused = await dssm.curl(`http://${address}/`);
      assert.is(refused.code, 7, refused.stderr);
      const state = `${dssm.lab.name('LAB_STATE')}.gw2`;
      const drops = await dssm.lab.nat46('tmctl', '-f', state, 'nat46_drop_stat', '-c', 'reason=no_lease');
      assert.match(drops.stdout, /no_lease,[1-9]/);
      await dssm.route('gw');
      assert.match((await dssm.curl(`http://${address}/`)).stdout, 'Hello');
      assert.is(await twin.kill('SIGTERM'), 0);
      gw2 = await dssm.start('gw2');
      assert.is((await leases(dssm, 'gw2')).held.length, 4);
    },

    'SIGKILL with 1,000 established connections: another gateway takes its address, and at least 99 % go on':
      async (dssm) => {
        connections = await hold(dssm);
        ending = await hold(dssm, ENDING);
        const begin = Date.now();
        await until('the journal', 10_000, async () =>
          (await journalled(dssm)) >= CONNECTIONS + ENDING ? true : null,
        );
        const journalMs = Date.now() - begin;
        const killed = Date.now();
        await gw.kill('SIGKILL');
        await dssm.route('gw2', POOL); // what a routing protocol would do
        const [line] = await until('the takeover', 30_000, () => {
          const lines = inherited(gw2);
          return lines.length > 0 ? lines : null;
        });
        const takeoverMs = Date.parse(String(line?.time)) - killed;
        const alive = await connections.alive();
        console.log(
          `gateway killed: taken over after ${takeoverMs} ms, the lease being ${LEASE_MS} ms (of these ${line?.tookMs} ms to load ${line?.sessions} sessions); ` +
            `${alive} of ${CONNECTIONS} connections go on; in the journal ${journalMs} ms after the last was opened`,
        );
        assert.ok(alive >= CONNECTIONS * 0.99, `${alive}`);
      },

    'the heir is killed as well, and starts again: it goes on with what it inherited': async (dssm) => {
      const before = (await leases(dssm, 'gw2')).inherited;
      await gw2.kill('SIGKILL');
      gw2 = await dssm.start('gw2');
      assert.equal((await leases(dssm, 'gw2')).inherited, before, 'before its first packet');
      await dssm.route('gw2', POOL); // its device is another one
      const alive = await connections.alive();
      assert.ok(alive >= CONNECTIONS * 0.99, `${alive}`);
    },

    'it returns: its addresses and their sessions go back to it, but not those that ended meanwhile': async (
      dssm,
    ) => {
      ending.end();
      await until('their end', 10_000, async () =>
        (await established(dssm, 'gw2')) <= CONNECTIONS ? true : null,
      );
      gw = await dssm.start('gw');
      await until('its leases', 20_000, async () =>
        (await leases(dssm, 'gw')).held.length === POOL.length ? true : null,
      );
      assert.equal((await leases(dssm, 'gw2')).inherited, []);
      assert.ok((await established(dssm, 'gw')) <= CONNECTIONS);
      await dssm.route('gw', POOL);
      const alive = await connections.alive();
      console.log(`gateway back: ${alive} of ${CONNECTIONS} connections go on`);
      assert.ok(alive >= CONNECTIONS * 0.99, `${alive}`);
      assert.match((await dssm.curl(`http://${await dssm.lab.lookup('web')}/`)).stdout, 'Hello');
    },

    'SIGTERM: exit 0, and another gateway has its addresses and connections without waiting for the leases':
      async (dssm) => {
        const lease = (): Promise<string> => dssm.cli('-n', '1', 'GET', `nat46:lease:${POOL[0]}`);
        const former = await lease();
        assert.match(former, /^[0-9a-f]{16} \d+$/);
        const seen = inherited(gw2).length;
        assert.is(await gw.kill('SIGTERM'), 0);
        assert.is.not(await lease(), former, `it would have been there for ${LEASE_MS} ms`);
        await until('the takeover', 10_000, () => (inherited(gw2).length > seen ? true : null));
        await dssm.route('gw2', POOL);
        assert.ok((await connections.alive()) >= CONNECTIONS * 0.99);
        gw = await dssm.start('gw');
        await until('its leases', 20_000, async () =>
          (await leases(dssm, 'gw')).held.length === POOL.length ? true : null,
        );
        await dssm.route('gw', POOL);
        assert.ok((await connections.alive()) >= CONNECTIONS * 0.99);
      },

    'nat46 drain: handed over on purpose, every connection goes on': async (dssm) => {
      const { stdout, code } = await dssm.control('gw', ['drain']);
      assert.is(code, 0);
      assert.match(
        stdout,
        /^\d+ sessions on 4 addresses can be taken over now; before you change the route, /,
      );
      await until('the takeover', 10_000, async () =>
        (await leases(dssm, 'gw2')).inherited.length > 0 ? true : null,
      );
      const { inherited: taken } = await leases(dssm, 'gw2');
      const view = await until('its view', 5000, async () => {
        const now = await leases(dssm, 'gw');
        return now.missing.length === taken.length ? now : null;
      });
      assert.equal(view, {
        held: [],
        missing: taken,
        free: POOL.filter((address) => !taken.includes(address)),
        inherited: [],
        drained: true,
      });
      const again = await dssm.control('gw', ['drain']);
      assert.equal(
        [again.code, again.stdout],
        [0, 'nothing to hand over: drained before, or without a SNAT address\n'],
      );
      assert.is(await connections.alive(), CONNECTIONS, 'before the route changes they go on here');
      await dssm.route('gw2', POOL);
      assert.is(await connections.alive(), CONNECTIONS);
      assert.is(await gw.kill('SIGTERM'), 0);
      assert.is(await connections.alive(), CONNECTIONS);
      connections.end();
      const last = await dssm.control('gw2', ['drain']);
      assert.is(last.code, 1);
      assert.match(last.stderr, /no other data gateway of this subnet is alive; nothing was changed/);
      assert.is((await leases(dssm, 'gw2')).held.length, 4);
    },
  },
);
