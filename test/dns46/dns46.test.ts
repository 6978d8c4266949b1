import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { tests } from '../helpers/table.ts';
import { ask } from './client.ts';
import { A_QUERY, byType, Loopback, loopback, NATIVE } from './loopback.ts';
import { LOOPBACK } from './options.ts';
import { rcode } from './packets.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';

tests('listeners', {
  'replies leave from the address that was asked': loopback(
    async (b) => {
      b.upstream.script = byType({ A: NATIVE });
      const ports = b.dns46.listening;
      assert.equal(
        ports.map((endpoint) => endpoint.address),
        ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2', '::1', '::1'],
      );
      // A connected socket takes only what comes from the address it asked.
      for (const endpoint of [ports[0]!, ports[2]!, ports[4]!])
        assert.is(rcode(await ask(endpoint, A_QUERY)), 0);
      await b.clock.advance(5_000);
    },
    { options: { dnsListen: ['127.0.0.1', '127.0.0.2', '::1'].map((address) => ({ address, port: 0 })) } },
  ),
  'an upstream without a route: an error that names it when a flag did, a warning when the host did':
    async () => {
      const upstream = await ScriptedUpstream.start();
      // A link-local address without an interface leads nowhere.
      const nowhere = { address: 'fe80::1', port: 53 };
      for (const options of [
        { dnsUpstream: [nowhere], dnsUpstreamGiven: true },
        { dnsZones: [{ zone: 'corp.example', endpoint: nowhere }] },
      ]) {
        const b = new Loopback(upstream, options, {});
        const error = await b.dns46.start().catch((reason) => reason);
        assert.instance(error, Nat46Error);
        assert.match(error.message, /^dns-(upstream|zone corp\.example=) ?\[fe80::1\]:53: unreachable \(E/);
        assert.equal(b.dns46.listening, []);
      }
      const b = new Loopback(upstream, { dnsUpstream: [nowhere], dnsUpstreamGiven: false }, {});
      await b.dns46.start();
      assert.equal(b.log.lines, ['warn no route to a name server of the host']);
      await b.dns46.stop();
      const other = new Loopback(upstream, { dnsUpstream: [nowhere, upstream.endpoint] }, {});
      await other.dns46.start(); // one of two is enough
      await other.dns46.stop();
      await upstream.stop();
    },
  'an address that cannot be bound is named, and nothing stays bound': async () => {
    const upstream = await ScriptedUpstream.start();
    const dnsListen = [...LOOPBACK, { address: '192.0.2.53', port: 53 }];
    const b = new Loopback(upstream, { dnsListen }, {});
    const error = await b.dns46.start().catch((reason) => reason);
    assert.instance(error, Nat46Error);
    assert.match(error.message, '192.0.2.53:53');
    assert.equal(b.dns46.listening, []);
    const taken = new Loopback(upstream, { dnsListen: [upstream.endpoint] }, {});
    assert.match((await taken.dns46.start().catch((reason) => reason)).message, 'EADDRINUSE');
    await upstream.stop();
  },
});
