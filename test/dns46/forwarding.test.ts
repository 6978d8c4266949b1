/** Zones with upstreams of their own. */
import * as assert from 'uvu/assert';
import { Forwarding } from '../../src/dns46/forwarding.ts';
import { keyOf } from '../../src/dns46/name.ts';
import { SocketShortage } from '../../src/dns46/socket-shortage.ts';
import { shim } from '../../src/tun/shim.ts';
import { tests } from '../helpers/table.ts';
import { FakeCounters, FakeLog } from './fake-parts.ts';
import { byType, loopback, REAL } from './loopback.ts';
import { ManualClock, until } from './manual-clock.ts';
import { aaaa, decode, lines, query, rcode } from './packets.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';

const server = (port: number) => ({ address: '127.0.0.1', port });

function forwarding(zones: Record<string, number>): Forwarding {
  const dnsZones = Object.entries(zones).map(([zone, port]) => ({ zone, endpoint: server(port) }));
  const clock = new ManualClock();
  const log = new FakeLog();
  const context = {
    clock,
    random: () => 0,
    counters: new FakeCounters(),
    mixedCase: false,
    shortage: new SocketShortage(clock, log),
  };
  return new Forwarding({ dnsUpstream: [server(1)], dnsZones, tryTimeoutMs: 1 }, shim(), context, log);
}

tests('zones', {
  'the longest zone that a name is in wins, whole labels only'() {
    const found = forwarding({ 'east.example': 2, example: 3, 'a.b.east.example': 4 });
    const of = (name: string) => found.of(keyOf(name));
    const [east, all, deep] = [of('east.example'), of('example'), of('a.b.east.example')];
    assert.is(new Set([east, all, deep, of('test')]).size, 4);
    assert.is(of('x.EAST.example'), east);
    assert.is(of('b.east.example'), east);
    assert.is(of('z.a.b.east.example'), deep);
    assert.is(of('northeast.example'), all);
    assert.is(of('examples'), of('test'));
    assert.is(of('x\u0004east.example'), all, 'a byte of a label may look like the length of one');
    assert.equal([found.hasZone(keyOf('x.example')), found.hasZone(keyOf('x.test'))], [true, false]);
    found.close();
  },
  async 'a name of a zone is asked there, mapped, even below .local [78]'() {
    const cluster = await ScriptedUpstream.start();
    cluster.script = byType({ A: {}, AAAA: { answers: [aaaa('web.cluster.local', '2001:db8::7')] } });
    const dnsZones = [{ zone: 'cluster.local', endpoint: cluster.endpoint }];
    await loopback(
      async (b) => {
        b.upstream.script = byType({ A: {}, AAAA: REAL });
        const found = decode(await b.ask(query({ name: 'web.cluster.local' })));
        assert.match(lines(found.answers)[0] ?? '', ' A ');
        assert.equal([cluster.seen.length, b.upstream.seen.length, b.counters.of('zoned')], [2, 0, 1]);
        await b.ask(query({ name: 'printer.local' }));
        assert.equal([cluster.seen.length, b.upstream.seen.length], [2, 1]);
      },
      { options: { dnsZones } },
    )();
    await cluster.stop();
  },
  async 'a server of a zone that refuses is down after one query, and told with its zone [79]'() {
    const gone = await ScriptedUpstream.start();
    const { endpoint } = gone;
    await gone.stop();
    await loopback(
      async (b) => {
        assert.is(rcode(await b.ask(query({ name: 'web.east.example' }))), 2);
        await until(() => b.log.lines.length > 0);
        assert.equal(b.log.lines, ['warn upstream down']);
        const upstream = `127.0.0.1:${endpoint.port}`;
        assert.equal(b.log.fields, [{ upstream, zone: 'east.example', reason: 'unreachable' }]);
      },
      { options: { dnsZones: [{ zone: 'east.example', endpoint }] } },
    )();
  },
});
