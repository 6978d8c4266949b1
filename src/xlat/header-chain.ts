/**
 * Walk along IPv6 extension headers to what a translator needs (RFC 7915 §5.1, §5.1.1): where the upper layer starts,
 * and the Fragment header if there is one. Hop-by-Hop, Destination Options and spent Routing headers are skipped;
 * after a Fragment header nothing but the upper layer (or ESP) may follow.
 */
import * as ipv6 from '../wire/ipv6.ts';

export const ChainResult = {
  Ok: 0,
  Truncated: 1,
  /** A Routing header with segments left: `errorAt` points at the field. */
  SegmentsLeft: 2,
  AfterFragment: 3,
} as const;
export type ChainResult = (typeof ChainResult)[keyof typeof ChainResult];

/** Result of a walk; one object, used again for each packet. */
export class HeaderChain {
  /** Protocol of the upper layer. */
  protocol = 0;
  /** Offset in the view where the upper layer starts. */
  upper = 0;
  /** Offset of the Fragment header, or 0. */
  fragment = 0;
  /** Offset of the field that names it. */
  protocolAt = 0;
  /** Offset of the Segments Left field that is not 0, or 0. */
  errorAt = 0;

  /** @param at IPv6 header @param end offset after the last byte that may be read */
  walk(view: DataView, at: number, end: number): ChainResult {
    this.upper = at + ipv6.HEADER_LENGTH;
    this.protocol = ipv6.nextHeader(view, at);
    this.protocolAt = at + ipv6.NEXT_HEADER;
    this.fragment = 0;
    this.errorAt = 0;
    while (isExtension(this.protocol)) {
      if (this.fragment !== 0) return ChainResult.AfterFragment;
      if (this.upper + 8 > end) return ChainResult.Truncated;
      this.step(view);
    }
    if (this.fragment !== 0 && this.protocol === ipv6.AUTHENTICATION) return ChainResult.AfterFragment;
    if (this.upper > end) return ChainResult.Truncated;
    return this.errorAt === 0 ? ChainResult.Ok : ChainResult.SegmentsLeft;
  }

  /** A Routing header in error does not end the walk: whether it may be answered depends on the upper layer. */
  private step(view: DataView): void {
    const at = this.upper;
    const isInError = this.protocol === ipv6.ROUTING && view.getUint8(at + 3) !== 0;
    if (isInError && this.errorAt === 0) this.errorAt = at + 3;
    const isFragment = this.protocol === ipv6.FRAGMENT;
    if (isFragment) this.fragment = at;
    this.protocol = view.getUint8(at);
    this.protocolAt = at;
    this.upper = at + (isFragment ? ipv6.FRAGMENT_HEADER_LENGTH : 8 + view.getUint8(at + 1) * 8);
  }
}

function isExtension(next: number): boolean {
  return (
    next === ipv6.HOP_BY_HOP ||
    next === ipv6.ROUTING ||
    next === ipv6.FRAGMENT ||
    next === ipv6.DESTINATION_OPTIONS
  );
}
