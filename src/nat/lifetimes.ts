/**
 * How long state lives. Specification first, with its section; then what we chose.
 *
 * The clock of the data plane is milliseconds of CLOCK_MONOTONIC in a signed 32-bit word: it wraps after
 * 24.8 days, so deadlines are compared by difference (`isPast`), and no lifetime may exceed 24 days.
 */

/** RFC 6146 §4: TCP_EST, UDP_DEFAULT, and so on; the same values as RFC 5382, RFC 4787, RFC 5508 ask for. */
export const TCP_ESTABLISHED_MS = 7_440_000;
export const TCP_TRANSITORY_MS = 240_000;
export const UDP_MS = 300_000;
export const ICMP_QUERY_MS = 60_000;
/** RFC 6146 §3.4, FRAGMENT_MIN: how long a fragment waits for its first one, and its binding lives at least. */
export const FRAGMENT_MS = 2_000;

/** Our choice: how long a packet waits for the answer of the store about its mapping. */
export const PUNT_WAIT_MS = 2_000;
/** A miss is remembered that long, so that a scan of the subnet does not become a scan of the store. */
export const NEGATIVE_MS = 1_000;
/** RFC 6888 §3, REQ-8: a freed external port of UDP or ICMP rests at least that long. */
export const PORT_REST_MS = 120_000;
/** A freed synthetic address rests that long before it stands for another host. */
export const MAPPING_REST_SEC = 300;

/** Whether the deadline is reached. @param now same clock */
export function isPast(deadline: number, now: number): boolean {
  return ((deadline - now) | 0) <= 0;
}
