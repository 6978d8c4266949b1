/**
 * Counters in the segment: one block of 64-bit floats a thread, written by that thread alone, summed by who reads.
 *
 *   | packets by verdict 0 … 63 | bytes by verdict 64 … 127 | the data plane's own 128 … | the control plane's 192 … |
 */
export const PACKETS = 0;
export const BYTES = 64;

/** Sessions made. */
export const CREATED = 128;
/** ICMP errors sent, and withheld by the rate limit. */
export const ICMP_SENT = 129;
export const ICMP_LIMITED = 130;
/** Packets that the device refused. */
export const WRITE_FAILED = 131;
/** Reads of a batch that brought packets. */
export const BATCHES = 132;

/** First counter of the main thread's block that is its own; `stats` names them. */
export const CONTROL = 192;
