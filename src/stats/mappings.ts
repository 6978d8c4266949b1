/**
 * `nat46_mapping_stat`: how full the synthetic subnet is.
 */
import { ControlCounters } from './control-counters.ts';
import { freeAddresses } from './description.ts';
import { count, type StatTable } from './stat-table.ts';

export const mappingStat: StatTable = {
  name: 'nat46_mapping_stat',
  meaning: 'mappings of synthetic to real addresses',
  isInternal: false,
  columns: [
    count('total', 'mappings now'),
    count('dynamic', 'of these, made by DNS46 or by a record of the store'),
    count('static', 'of these, configured'),
    count('free', 'synthetic addresses that DNS46 can give out now: neither mapped, resting nor reserved'),
    count('allocated', 'mappings that DNS46 made so far'),
    count('expired', 'mappings that ended because nothing used them for their lifetime'),
    count('sorry', 'queries answered with the sorry address because no synthetic address was free'),
  ],
  rows: (state) => {
    const { dynamic, static: configured } = state.mappings.counts();
    const counters = new ControlCounters(state.segment);
    return [
      {
        total: dynamic + configured,
        dynamic,
        static: configured,
        free: freeAddresses(state),
        allocated: counters.value('mapping.allocated'),
        expired: counters.value('mapping.expired'),
        sorry: counters.value('dns.sorry'),
      },
    ];
  },
};
