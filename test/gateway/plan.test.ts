/**
 * From flags to the numbers that the data plane works with.
 */
import * as assert from 'uvu/assert';
import { makePlan, type Plan } from '../../src/gateway/plan.ts';
import { BindingLogMode } from '../../src/nat/binding-ring.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import type { HostFacts } from '../../src/tun/host-facts.ts';
import { parse } from '../config/parse-run.ts';
import { table } from '../helpers/table.ts';

const NO_FACTS: HostFacts = { links: [], addresses: [], routes: [], local: [], proxies: [] };

interface Row {
  name: string;
  args: string;
  is: (plan: Plan) => unknown;
  expected: unknown;
}

const quotas = ({ resolver }: Plan) => [resolver.maxClientSessions, resolver.maxClientPorts];

const sameAs = (args: string, members: Plan['members']): boolean =>
  Buffer.compare(
    Buffer.concat(makePlan(parse(args), NO_FACTS, 'machine').members),
    Buffer.concat(members),
  ) === 0;

table<Row>(
  'plan',
  [
    {
      name: '[49] [60] quotas: half of the table, half of a SNAT address',
      args: '',
      is: quotas,
      expected: [65_536, 32_768],
    },
    {
      name: '[49] [60] quotas of a small table',
      args: '--max-sessions 1001',
      is: quotas,
      expected: [501, 501],
    },
    {
      name: '[49] [60] quotas as given',
      args: '--max-client-sessions 7 --max-client-ports 5',
      is: quotas,
      expected: [7, 5],
    },
    {
      name: 'role dns has no data path: no SNAT address is chosen, and nobody is told to route one',
      args: '--role dns',
      is: ({ members, automap }) => [members.length, automap],
      expected: [0, null],
    },
    {
      name: '[54] filtering by default',
      args: '',
      is: (plan) => plan.filtering,
      expected: Filtering.EndpointIndependent,
    },
    {
      name: '[54] filtering by address',
      args: '--filtering address-dependent',
      is: (plan) => plan.filtering,
      expected: Filtering.AddressDependent,
    },
    {
      name: '[54] filtering by address and port',
      args: '--filtering address-and-port-dependent',
      is: (plan) => plan.filtering,
      expected: Filtering.AddressAndPortDependent,
    },
    {
      name: '[61] no binding log by default',
      args: '',
      is: (plan) => plan.bindingLogMode,
      expected: BindingLogMode.Off,
    },
    {
      name: '[60] [61] a binding log has no destinations by default',
      args: '--binding-log /tmp/log',
      is: (plan) => plan.bindingLogMode,
      expected: BindingLogMode.Bibs,
    },
    {
      name: '[61] a binding log with destinations',
      args: '--binding-log /tmp/log --binding-log-destinations',
      is: (plan) => plan.bindingLogMode,
      expected: BindingLogMode.BibsAndSessions,
    },
    {
      name: 'an automatic SNAT address is that of the device',
      args: '--tun gw1',
      is: ({ members }) => sameAs('--tun gw2', members),
      expected: false,
    },
    {
      name: 'and the same at each start',
      args: '--tun gw1',
      is: ({ members }) => sameAs('--tun gw1', members),
      expected: true,
    },
  ],
  ({ args, is, expected }) => {
    assert.equal(is(makePlan(parse(args), NO_FACTS, 'machine')), expected);
  },
);
