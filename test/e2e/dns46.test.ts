/**
 * DNS46 between kdig and real resolvers, unbound and dnsmasq, on loopback.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dns46, type Dns46Options } from '../../src/dns46/dns46.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';
import { shim } from '../../src/tun/shim.ts';
import { FakeAddresses, FakeCounters, FakeLog } from '../dns46/fake-parts.ts';
import { dnsOptions } from '../dns46/options.ts';
import { BROKEN_ZONE, type Dug, kdig, RealUpstream, ZONE } from '../dns46/real-upstreams.ts';

class Gateway {
  readonly addresses = new FakeAddresses();
  readonly counters = new FakeCounters();
  readonly log = new FakeLog();
  readonly dns46: Dns46;

  constructor(dnsUpstream: readonly Endpoint[], options: Partial<Dns46Options> = {}) {
    const { addresses, counters, log } = this;
    this.dns46 = new Dns46(dnsOptions({ dnsUpstream, ...options }), {
      addresses,
      counters,
      log,
      udp: shim(),
    });
  }

  get endpoint(): Endpoint {
    return this.dns46.listening[0]!;
  }

  dig(name: string, ...args: string[]): Promise<Dug> {
    return kdig(this.endpoint, `${name}.${ZONE}`, ...args);
  }
}

/** A suite with a gateway before the given upstreams. */
function gatewayTests(
  title: string,
  programs: readonly ('unbound' | 'dnsmasq')[],
  cases: Record<string, (gateway: Gateway, upstreams: RealUpstream[]) => Promise<void>>,
): void {
  const it = suite(title);
  let upstreams: RealUpstream[] = [];
  let gateway: Gateway;
  it.before(async () => {
    upstreams = await Promise.all(programs.map((program) => RealUpstream.start(program)));
    gateway = new Gateway(upstreams.map((upstream) => upstream.endpoint));
    await gateway.dns46.start();
  });
  it.after(async () => {
    await gateway.dns46.stop();
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  });
  for (const [name, check] of Object.entries(cases)) it(name, () => check(gateway, upstreams));
  it.run();
}

/** A row without its TTL, which counts down in every cache on the way. */
const untimed = (row: string) => row.replace(/ \d+ /, ' ');
const owner = (name: string) => `${name}.${ZONE}.`;

const COMMON: Record<string, (gateway: Gateway) => Promise<void>> = {
  async 'A only: as it is [64]'(g) {
    assert.equal((await g.dig('v4', 'A')).answer.map(untimed), [`${owner('v4')} A 192.0.2.10`]);
  },
  async 'both: as it is [64]'(g) {
    assert.equal((await g.dig('both', 'A')).answer.map(untimed), [`${owner('both')} A 192.0.2.11`]);
  },
  async 'NXDOMAIN [65]'(g) {
    const found = await g.dig('nothing-here', 'A');
    assert.equal([found.status, found.answer], ['NXDOMAIN', []]);
  },
  async 'CNAME to A: as it is [64]'(g) {
    const found = await g.dig('to-v4', 'A');
    assert.equal(found.answer.map(untimed), [
      `${owner('to-v4')} CNAME ${owner('v4')}`,
      `${owner('v4')} A 192.0.2.10`,
    ]);
  },
  async 'TXT passes unchanged [63]'(g) {
    assert.match((await g.dig('text', 'TXT')).answer[0] ?? '', '"hello');
  },
  async 'AAAA passes unchanged [63]'(g) {
    assert.equal((await g.dig('v6', 'AAAA')).answer.map(untimed), [`${owner('v6')} AAAA 2001:db8::10`]);
  },
  async 'only AAAA, by UDP and by TCP: the same address [81]'(g) {
    const found = await Promise.all([
      g.dig('v6', 'A'),
      g.dig('v6', 'A', '+tcp'),
      g.dig('V6', 'A', '+edns', '+cookie'),
    ]);
    for (const { status, answer } of found) {
      assert.is(status, 'NOERROR');
      assert.match(answer[0]?.toLowerCase() ?? '', /v6\.corp\.example\. \d+ a 10\.244\.50\.\d+$/);
      assert.match(answer[1] ?? '', 'AAAA 2001:db8::10');
    }
    assert.is(new Set(found.map(({ answer }) => answer[0]?.split(' ')[3])).size, 1);
  },
  async 'localhost and onion never go upstream, RFC 6761 §6.3, RFC 7686 §2'(g) {
    assert.match((await kdig(g.endpoint, 'localhost', 'A')).answer[0] ?? '', '127.0.0.1');
    assert.is((await kdig(g.endpoint, 'abc.onion', 'A')).status, 'NXDOMAIN');
  },
  async 'PTR of a synthetic address: an alias to the real one, and its name, RFC 6147 §5.3.1 [72]'(g) {
    await g.dig('v6', 'A');
    const [v4] = [...g.addresses.given.values()];
    const found = await kdig(g.endpoint, '-x', `10.244.50.${(v4 ?? 0) & 255}`);
    assert.match(found.answer[0] ?? '', / 60 CNAME 0\.1\.0\..*\.8\.b\.d\.0\.1\.0\.0\.2\.ip6\.arpa\.$/);
    assert.match(found.answer[1] ?? '', `PTR ${owner('v6')}`);
    assert.is((await kdig(g.endpoint, '-x', '10.244.50.250')).status, 'NXDOMAIN');
  },
  async 'ANY: TC by UDP, RFC 8482 §4.4; over TCP it passes [63]'(g) {
    const cut = await g.dig('v6', 'ANY', '+notcp', '+ignore');
    assert.equal([cut.flags.includes('tc'), cut.answer.length], [true, 0]);
    assert.is((await g.dig('v6', 'ANY', '+tcp')).status, 'NOERROR');
  },
  async 'EDNS is answered with EDNS, its absence with none, RFC 6891 §7'(g) {
    assert.match((await g.dig('v6', 'A', '+edns')).text, 'EDNS PSEUDOSECTION');
    assert.not.match((await g.dig('v6', 'A', '+noedns')).text, 'EDNS PSEUDOSECTION');
  },
};

gatewayTests('DNS46 before unbound', ['unbound'], {
  ...COMMON,
  async 'TTL: that of the SOA; the SOA itself is gone [70] [73]'(g) {
    const found = await g.dig('v6', 'A');
    assert.match(found.answer[0] ?? '', / (40|3\d) A /);
    assert.equal(found.authority, []);
  },
  async 'neither: NODATA with its SOA'(g) {
    const found = await g.dig('text', 'A');
    assert.equal([found.status, found.answer.length, found.authority.length], ['NOERROR', 0, 1]);
  },
  async 'CNAME to CNAME to AAAA: chain once, A at its end [69]'(g) {
    const found = await g.dig('to-v6', 'A');
    assert.equal(found.answer.slice(0, 2).map(untimed), [
      `${owner('to-v6')} CNAME ${owner('hop')}`,
      `${owner('hop')} CNAME ${owner('v6')}`,
    ]);
    assert.match(found.answer[2] ?? '', /^v6\.corp\.example\. (40|3\d) A 10\.244\.50\./);
    assert.match(found.answer[3] ?? '', /^v6\.corp\.example\. (300|29\d) AAAA 2001:db8::10$/);
  },
  async 'CNAME to nothing: NXDOMAIN with the chain [65]'(g) {
    const found = await g.dig('to-no', 'A');
    assert.equal([found.status, found.answer.length], ['NXDOMAIN', 1]);
  },
  async 'only excluded AAAA: NODATA [67]'(g) {
    const found = await g.dig('mapped', 'A');
    assert.equal([found.status, found.answer], ['NOERROR', []]);
  },
  async 'several AAAA: at most eight A'(g) {
    const found = await g.dig('many', 'A', '+tcp');
    const types = found.answer.map((row) => row.split(' ')[2]);
    assert.equal(types, [...Array(8).fill('A'), ...Array(10).fill('AAAA')]);
  },
  async 'ANY: by UDP the way to TCP, which brings what there is, unchanged, RFC 8482 §4.4 [63]'(g) {
    const cut = await g.dig('v6', 'ANY', '+notcp', '+ignore');
    assert.equal([cut.flags.includes('tc'), cut.answer], [true, []]);
    for (const transport of ['+noignore', '+tcp']) {
      const found = await g.dig('v6', 'ANY', transport);
      assert.equal(found.answer.map(untimed), [`${owner('v6')} AAAA 2001:db8::10`], transport);
    }
  },
  async 'a large reply: TC by UDP without EDNS, whole by TCP [74]'(g) {
    const cut = await g.dig('large', 'A', '+noedns', '+ignore');
    assert.equal([cut.flags.includes('tc'), cut.answer.length], [true, 0]);
    assert.is((await g.dig('large', 'A', '+tcp')).answer.length, 60);
    assert.is((await g.dig('large', 'A', '+bufsize=4096')).answer.length, 60);
  },
  async 'EDNS sizes: no reply is larger than what was asked for, RFC 6891 §6.2.5 [74]'(g) {
    for (const size of [512, 900, 1232, 4096]) {
      const { text, flags } = await g.dig('large', 'A', `+bufsize=${size}`, '+ignore', '+notcp');
      const bytes = Number(/Received (\d+) B/.exec(text)?.[1]);
      assert.ok(bytes > 0 && bytes <= size, `${bytes} bytes for ${size}`);
      assert.is(flags.includes('tc'), size < 1000);
    }
  },
  async 'DNAME: the alias of the server, A at its end [69]'(g) {
    const found = await g.dig('x.old', 'A');
    const types = found.answer.map((row) => row.split(' ')[2]);
    assert.equal(types, ['DNAME', 'CNAME', 'A', 'AAAA']);
    assert.match(found.answer[2] ?? '', /^x\.new\.corp\.example\. (40|3\d) A 10\.244\.50\./);
  },
  async 'two names with one AAAA: one address [81]'(g) {
    const rows = await Promise.all(['twin1', 'twin2'].map((name) => g.dig(name, 'A')));
    const [one, two] = rows.map((row) => row.answer[0]?.split(' ')[3]);
    assert.ok(one?.startsWith('10.244.50.'));
    assert.is(one, two);
  },
  async 'SERVFAIL of the upstream for A and AAAA: SERVFAIL [65]'(g) {
    assert.is((await kdig(g.endpoint, `x.${BROKEN_ZONE}`, 'A')).status, 'SERVFAIL');
  },
  async 'HTTPS: hints of a name with synthetic addresses go, the others stay [76]'(g) {
    const web = (await g.dig('web', 'TYPE65')).answer[0] ?? '';
    assert.match(web, 'alpn');
    assert.match(web, '8443');
    assert.not.match(web, 'hint');
    assert.match((await g.dig('native', 'TYPE65')).answer[0] ?? '', 'ipv4hint=192.0.2.12');
  },
  async 'again: from the cache, TTL counting down, nobody is asked [80]'(g) {
    await g.dig('v6', 'A', '+noedns');
    const asked = g.counters.rows.upstreamQueries;
    const found = await g.dig('v6', 'A', '+noedns');
    assert.match(found.answer[0] ?? '', /v6\.corp\.example\. (40|3\d) A 10\.244\.50\./);
    assert.is(g.counters.rows.upstreamQueries, asked);
  },
  async 'NXDOMAIN again: from the cache [80]'(g) {
    await g.dig('not-there', 'A', '+noedns');
    const asked = g.counters.rows.upstreamQueries;
    assert.is((await g.dig('not-there', 'A', '+noedns')).status, 'NXDOMAIN');
    assert.is(g.counters.rows.upstreamQueries, asked);
  },
  async 'DO is synthesized, DO with CD is not [75]'(g) {
    assert.is((await g.dig('v6', 'A', '+dnssec')).answer.length, 2);
    assert.is((await g.dig('v6', 'A', '+dnssec', '+cdflag')).answer.length, 0);
  },
  async 'exhausted: the sorry address; without one SERVFAIL and why, RFC 8914 §2'(_, upstreams) {
    const endpoints = upstreams.map((upstream) => upstream.endpoint);
    for (const sorryIp of [0x0af42864, null]) {
      const poor = new Gateway(endpoints, { sorryIp });
      poor.addresses.capacity = 0;
      await poor.dns46.start();
      const found = await poor.dig('v6', 'A', '+edns');
      await poor.dns46.stop();
      if (sorryIp === null)
        assert.equal([found.status, /pool exhausted/.test(found.text)], ['SERVFAIL', true]);
      else assert.is(found.answer[0], `${owner('v6')} 10 A 10.244.40.100`);
    }
  },
});

gatewayTests('DNS46 before dnsmasq', ['dnsmasq'], {
  ...COMMON,
  async 'TTL without SOA: the configured maximum [70]'(g) {
    assert.match((await g.dig('v6', 'A')).answer[0] ?? '', ' 120 A ');
  },
  async 'CNAME to AAAA [69]'(g) {
    const types = (await g.dig('to-v6', 'A')).answer.map((row) => row.split(' ')[2]);
    assert.equal(types, ['CNAME', 'A', 'AAAA']);
  },
});

gatewayTests('DNS46 before both', ['unbound', 'dnsmasq'], {
  async 'the first one is gone: the second answers [79]'(g, upstreams) {
    assert.match((await g.dig('v6', 'A')).answer[0] ?? '', / (40|3\d) A /);
    await upstreams[0]!.stop();
    upstreams.shift();
    assert.match((await g.dig('to-v6', 'A')).answer[1] ?? '', ' 120 A ');
  },
});
