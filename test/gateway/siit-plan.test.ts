/** From the flags of `nat46 siit` to settings and routes. */
import * as assert from 'uvu/assert';
import { parseSiitConfig, readPairs } from '../../src/config/siit-config.ts';
import { ZeroChecksum } from '../../src/datapath/settings.ts';
import { flowsOf, siitRoutes, siitSettings } from '../../src/gateway/siit-plan.ts';
import type { HostFacts } from '../../src/tun/host-facts.ts';
import { tests } from '../helpers/table.ts';

const FACTS: HostFacts = { links: [], addresses: [], routes: [], local: [], proxies: [] };

function plan(args: string) {
  const config = parseSiitConfig(args.split(' '), {});
  const pairs = readPairs(config);
  const settings = siitSettings(config, FACTS, flowsOf(config, pairs));
  return { settings, routes: siitRoutes(config, pairs.pairs, settings) };
}

tests('siit plan', {
  'own IPv6 address: what the IPv4 one is translated to': () => {
    const { settings, routes } = plan('--pool6 2001:db8:64::/96 --self4 192.0.2.1');
    assert.equal([...settings.self6], [0x20010db8, 0x00640000, 0, 0xc0000201 | 0]);
    assert.equal(settings.errorSource6, settings.self6);
    assert.is(settings.errorSource4, 0xc0000201 | 0);
    assert.equal(routes, {
      routes4: ['192.0.2.1/32'],
      routes6: ['2001:db8:64::/96', '2001:db8:64::c000:201/128'],
    });
  },
  'no own address': () => {
    const { settings, routes } = plan('--eam 192.0.2.0/24=2001:db8::/120 --eam 198.51.100.7=2001:db8:1::7');
    assert.equal([...settings.self6], [0, 0, 0, 0]);
    assert.is(settings.self4, 0);
    assert.equal(routes, { routes4: ['192.0.2.0/24', '198.51.100.7/32'], routes6: [] });
  },
  'sources of translated errors of their own': () => {
    const { settings } = plan(
      '--pool6 2001:db8:64::/96 --self4 192.0.2.1 --rfc6791-v4 192.0.2.9 --rfc6791-v6 2001:db8::9',
    );
    assert.is(settings.errorSource4, 0xc0000209 | 0);
    assert.equal([...settings.errorSource6], [0x20010db8, 0, 0, 9]);
  },
  'MTU of each side: the flag, else of the device': () => {
    const { settings } = plan('--pool6 2001:db8:64::/96 --mtu 9000 --mtu4 1400');
    assert.is(settings.mtu4, 1400);
    assert.is(settings.mtu6, 9000);
  },
  'UDP without checksum: one mode, both ways': () => {
    const { settings } = plan('--pool6 2001:db8:64::/96 --udp-zero-checksum compute');
    assert.is(settings.zeroChecksum46, ZeroChecksum.Compute);
    assert.is(settings.zeroChecksum64, ZeroChecksum.Compute);
  },
});
