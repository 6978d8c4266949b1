/**
 * Mappings in the state file that a start may not go on with: of an earlier subnet, whose addresses are no longer routed
 * here, or of what is now an address of the gateway itself.
 */
import { type Cidr4, contains4, formatV4 } from '../address.ts';
import type { Config } from '../config/config.ts';
import { MappingKind, MappingTable } from '../nat/mapping.ts';
import type { Segment } from '../nat/segment.ts';
import { subnet } from '../stats/description.ts';

/**
 * @param taken addresses that are the gateway's own @param segment may be that of a gateway that runs
 * @returns what keeps a start from it, and what to do; or null
 */
export function foreignMappings(
  config: Pick<Config, 'statePath' | 'subnet' | 'maps'>,
  taken: readonly number[],
  segment: Segment,
): string | null {
  const { statePath, subnet: network, maps } = config;
  const mapped = new Set(maps.map(({ v4 }) => v4));
  const table = new MappingTable(segment);
  const foreign = [...table.rows.inUse()]
    .filter((row) => table.kind(row) === MappingKind.Dynamic)
    .map((row) => table.v4(row))
    .filter((v4) => !mapped.has(v4) && (!isHost(network, v4) || taken.includes(v4)));
  if (foreign.length === 0) return null;
  return (
    `--subnet ${formatV4(network.base)}/${network.length}: the state file ${statePath} has mappings outside it or of the ` +
    `gateway's own addresses (${formatV4(foreign[0] ?? 0)}, ${foreign.length} in all; its subnet was ${subnet(segment)}); ` +
    'start as before and remove them (nat46 dssm del), or end them all: nat46 cleanup --forget'
  );
}

/** Inside the network, and neither its first nor its last address. */
function isHost(network: Cidr4, v4: number): boolean {
  return (
    contains4(network, v4) && v4 !== network.base && v4 !== network.base + 2 ** (32 - network.length) - 1
  );
}
