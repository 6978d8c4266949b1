/**
 * Bursts of packets of every kind, with all sorts of addresses, in both directions at once through `nat46 siit`: each comes
 * out as scapy and `ipaddress` work it out, in the order of the burst. RFC 7915 §4, §5 [22].
 */
import { exactTests } from '../helpers/siit-suite.ts';

const MAP = [
  '10.0.0.0/16=2001:db8:cafe::/112',
  '10.0.1.0/24=2001:db8:1234::100/120',
  '10.0.1.6=2001:db8:5678::106',
  '192.0.2.7=2001:db8:6::7',
  '192.0.2.8=2001:db8:6::8',
];
const BURSTS = 6;
const PACKETS = 150;

exactTests('siit storm', [
  {
    flags: { eam: MAP },
    rows: Array.from({ length: BURSTS }, (_, seed) => ({
      name: `RFC 7915 §4 §5 [22] burst ${seed}: ${PACKETS} packets`,
      send: `storm(${seed}, ${PACKETS})`,
      get: `after_storm(${seed}, ${PACKETS}, GOT)`,
      odd: true as const,
    })),
  },
]);
