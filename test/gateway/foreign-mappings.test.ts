/** Mappings in the state file that a start may not go on with. */
import * as assert from 'uvu/assert';
import { parseCidr4, parseV4, parseV6 } from '../../src/address.ts';
import { foreignMappings } from '../../src/gateway/foreign-mappings.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from '../nat/fresh-state.ts';

const REAL = parseV6('2001:db8::9') as Uint8Array;
const v4 = (text: string): number => parseV4(text) ?? 0;

interface Row {
  readonly name: string;
  readonly kind?: MappingKind;
  readonly address: string;
  readonly isForeign: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'inside the subnet', address: '10.9.0.9', isForeign: false },
  { name: 'of an earlier subnet', address: '10.2.2.9', isForeign: true },
  { name: 'the network itself', address: '10.9.0.0', isForeign: true },
  { name: 'the broadcast address', address: '10.9.0.255', isForeign: true },
  { name: "the gateway's own address", address: '10.9.0.1', isForeign: true },
  { name: 'outside, but a --map now', address: '192.0.2.1', isForeign: false },
  { name: 'a --map of before', kind: MappingKind.Static, address: '10.2.2.9', isForeign: false },
  { name: 'a remembered miss', kind: MappingKind.Negative, address: '10.2.2.9', isForeign: false },
];

tests(
  'mappings of an earlier subnet',
  Object.fromEntries(
    ROWS.map(({ name, kind = MappingKind.Dynamic, address, isForeign }) => [
      name,
      () => {
        const { mappings, segment } = freshState();
        if (kind === MappingKind.Negative) mappings.insertNegative(v4(address), 1000);
        else mappings.insert(v4(address), REAL, kind, 0, 0);
        const subnet = parseCidr4('10.9.0.0/24');
        assert.ok(subnet);
        const config = {
          statePath: '/x',
          subnet,
          reservedStatic: 0,
          maps: [{ v4: v4('192.0.2.1'), v6: REAL }],
        };
        const problem = foreignMappings(config, [v4('10.9.0.1')], segment);
        if (isForeign)
          assert.is(
            problem,
            `--subnet 10.9.0.0/24: the state file /x has mappings outside it or of the gateway's own addresses (${address}, ` +
              '1 in all; its subnet was -); start as before and remove them (nat46 dssm del), or end them all: nat46 cleanup --state /x --forget',
          );
        else assert.is(problem, null);
      },
    ]),
  ),
);
