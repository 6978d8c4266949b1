/**
 * Mappings in the state file that a start may not go on with: of an earlier subnet, whose addresses are no longer routed
 * here, or of what is now an address of the gateway itself.
 */
import { formatV4 } from '../address.ts';
import type { Config } from '../config/config.ts';
import { MappingKind, MappingTable } from '../nat/mapping.ts';
import type { Segment } from '../nat/segment.ts';
import { subnet } from '../stats/description.ts';
import { Slots } from '../store/slots.ts';

/**
 * @param reserved addresses that are the gateway's own
 * @param segment as a gateway left it, however it ended, or that of one that runs
 * @returns what keeps a start from it, and what to do; or null
 */
export function foreignMappings(
  config: Pick<Config, 'statePath' | 'subnet' | 'reservedStatic' | 'maps'>,
  reserved: readonly number[],
  segment: Segment,
): string | null {
  const { statePath, subnet: network, reservedStatic, maps } = config;
  const mapped = new Set(maps.map(({ v4 }) => v4));
  const slots = new Slots({ subnet: network, reservedStatic, reserved });
  const table = new MappingTable(segment);
  const foreign: number[] = [];
  for (let row = 0; row < table.rows.everUsed(); row++) {
    if (!table.rows.isValid(row) || table.kind(row) !== MappingKind.Dynamic) continue;
    const v4 = table.v4(row);
    if (!mapped.has(v4) && !slots.isMappable(v4)) foreign.push(v4);
  }
  if (foreign.length === 0) return null;
  return (
    `--subnet ${formatV4(network.base)}/${network.length}: the state file ${statePath} has mappings outside it or of the ` +
    `gateway's own addresses (${formatV4(foreign[0] ?? 0)}, ${foreign.length} in all; its subnet was ${subnet(segment)}); ` +
    `start as before and remove them (nat46 dssm del), or end them all: nat46 cleanup --state ${statePath} --forget`
  );
}
