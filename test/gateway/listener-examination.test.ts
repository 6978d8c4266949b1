/** Could DNS46 listen there: against real sockets of this process, which stands for whoever is in the way. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { relative } from 'node:path';
import * as assert from 'uvu/assert';
import { examineListeners } from '../../src/gateway/listener-examination.ts';
import { parse } from '../config/parse-run.ts';
import { tests } from '../helpers/table.ts';

const US = new RegExp(`^in use by .*, pid ${process.pid}`);

/** A UDP port of this process. @param address where it listens */
async function holding(address: string, check: (port: number) => Promise<void>): Promise<void> {
  const socket = address.includes(':')
    ? createSocket({ type: 'udp6', ipv6Only: true })
    : createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  try {
    await check(socket.address().port);
  } finally {
    socket.close();
  }
}

async function found(flags: string, holder: string | null = null) {
  const [row] = await examineListeners(parse(flags), holder);
  assert.ok(row);
  return row;
}

tests('listener examination', {
  'nobody is there': async () => {
    let free = 0;
    await holding('127.0.0.1', async (port) => {
      free = port;
    });
    assert.equal(await found(`--dns-listen 127.0.0.1:${free}`), {
      check: 'dns listener',
      of: `127.0.0.1:${free}`,
      result: 'ok',
      isObstacle: false,
    });
  },
  'another program is there, on one transport: who, and what to do': () =>
    holding('127.0.0.1', async (port) => {
      const row = await found(`--dns-listen 127.0.0.1:${port}`);
      assert.match(row.result, US);
      assert.match(row.result, /\(EADDRINUSE\); stop it, or choose another --dns-listen$/);
      assert.is(row.isObstacle, true);
    }),
  'the gateway itself, known by its state file, by whatever path': () =>
    holding('127.0.0.1', async (port) => {
      const folder = mkdtempSync(`${tmpdir()}/nat46-listener-`);
      const fd = openSync(`${folder}/a.state`, 'w');
      symlinkSync(folder, `${folder}/link`);
      try {
        for (const path of [
          `${folder}/a.state`,
          relative('.', `${folder}/a.state`),
          `${folder}/link/a.state`,
        ]) {
          const row = await found(`--dns-listen 127.0.0.1:${port} --state ${path} --role dns`);
          assert.match(row.result, /: this gateway$/, path);
          assert.is(row.isObstacle, false);
        }
        const row = await found(`--dns-listen 127.0.0.1:${port} --state ${folder}/b.state --role dns`);
        assert.is(row.isObstacle, true, 'no such file');
      } finally {
        closeSync(fd);
        rmSync(folder, { recursive: true });
      }
    }),
  'an address that will be put on the device': async () => {
    const row = await found('--dns-listen 192.0.2.53:5399 --tun gw0');
    assert.is(row.result, 'will be put on gw0');
    assert.is(row.isObstacle, false);
  },
  'two of them on one port: a row each, and none is in the way of the other': async () => {
    const rows = await examineListeners(
      parse('--dns-listen 192.0.2.53:5399 --dns-listen 192.0.2.54:5399 --tun gw0'),
      null,
    );
    assert.equal(
      rows.map(({ of, result }) => `${of}|${result}`),
      ['192.0.2.53:5399|will be put on gw0', '192.0.2.54:5399|will be put on gw0'],
    );
  },
  'the same, and somebody listens everywhere': async () => {
    for (const [everywhere, address] of [
      ['0.0.0.0', '192.0.2.53'],
      ['::', '[2001:db8::53]'],
    ] as const)
      await holding(everywhere, async (port) => {
        const row = await found(`--dns-listen ${address}:${port}`);
        assert.match(row.result, US);
        assert.is(row.isObstacle, true);
      });
  },
  'nobody puts it anywhere: role dns, or --no-setup': async () => {
    for (const flags of ['--role dns', '--no-setup']) {
      const row = await found(`--dns-listen 192.0.2.53:5399 ${flags}`);
      assert.match(row.result, /EADDRNOTAVAIL.*add it to a device/);
      assert.is(row.isObstacle, true);
    }
  },
  'role data listens nowhere': async () => {
    assert.equal(await examineListeners(parse('--role data'), null), []);
  },
});
