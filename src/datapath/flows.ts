/**
 * What the translator asks about a packet: which flow is it of? A flow is a row of a session table, whose accessors give
 * the tuples of both sides and the checksum deltas. Two answers exist: the sessions of a stateful gateway
 * (`session-flows.ts`), and an address function that fills a row on the way (`address-flows.ts`).
 */

import { Refusal } from '../nat/nat46-resolver.ts';
import { NO_SESSION, type SessionId, type SessionTable } from '../nat/session.ts';
import type { V4Header } from '../xlat/v6-to-v4.ts';
import type { Packet } from './packet.ts';
import { Verdict } from './verdict.ts';

export interface Flows {
  readonly sessions: SessionTable;
  /** Set while a packet that turned back is translated again. */
  turning: boolean;
  /** Flows made since this was asked last. */
  takeCreated(): number;

  /** The flow of an IPv4 packet. @returns row or refusal; NO_SESSION when there is none yet and it may be made */
  findInside(packet: Packet, now: number): number;
  /** The same of an IPv6 packet. */
  findOutside(packet: Packet, now: number): number;
  /** Make the flow of an IPv4 packet. @returns row or refusal */
  openInside(packet: Packet, now: number): number;
  /** Make the flow of an IPv6 packet. @returns row or refusal */
  openOutside(packet: Packet, now: number): number;
  /** The packet passes. @param side 0 from inside, FROM_OUTSIDE from outside */
  track(id: SessionId, packet: Packet, side: number, now: number): void;

  /** Whether packets of a protocol that is neither TCP, UDP nor ICMP are translated at all. */
  carries(protocol: number): boolean;
  /** The flow of a fragment that is not the first. @returns row or refusal */
  findFragment4(packet: Packet, now: number): number;
  findFragment6(packet: Packet, now: number): number;
  /** The flow of a first fragment, for those that follow. */
  rememberFragment4(id: SessionId, packet: Packet, now: number): void;
  rememberFragment6(id: SessionId, packet: Packet, now: number): void;

  /**
   * The flow of a packet that an ICMPv4 error quotes, near being the quoted destination. Changes nothing.
   * @returns row or refusal
   */
  findQuoted4(quoted: Packet, error: Packet, now: number): number;
  /** The same for an ICMPv6 error, near being the quoted source. */
  findQuoted6(quoted: Packet, error: Packet, now: number): number;
  /**
   * Write the addresses of a translated ICMPv4 error, source then destination, at byte offset `to`.
   * @param id flow of what it quotes. @returns false when it has nowhere to go
   */
  writeErrorAddresses6(id: SessionId, error: Packet, quoted: Packet, to: number): boolean;
  /** The same for an ICMPv6 error, into a header to be. */
  setErrorAddresses4(id: SessionId, error: Packet, quoted: Packet, header: V4Header): boolean;
  /** A router says that packets of this flow may have at most `mtu` bytes on the IPv6 side. */
  learnPathMtu(id: SessionId, mtu: number, now: number): void;

  /** Whether an address of a packet is one that many inside hosts appear as. @param at offset of the address */
  isMember(at: number): boolean;
  /** Whether the IPv4 packet that was just made is for a host on the IPv6 side, and is to be translated again. */
  turnsBack(id: SessionId): boolean;
}

/** Verdict of each refusal, by its distance below zero. */
const REFUSALS = new Int32Array(32);
REFUSALS[-Refusal.NoMapping] = Verdict.Punt;
REFUSALS[-Refusal.Unmapped] = Verdict.DropUnmapped;
REFUSALS[-Refusal.NotInside] = Verdict.DropNotInside;
REFUSALS[-Refusal.ClientQuota] = Verdict.DropClientQuota;
REFUSALS[-Refusal.PoolExhausted] = Verdict.DropPoolExhausted;
REFUSALS[-Refusal.TableFull] = Verdict.DropTableFull;
REFUSALS[-Refusal.Hairpin] = Verdict.DropHairpin;
REFUSALS[-Refusal.NoBib] = Verdict.DropNoSession;
REFUSALS[-Refusal.SenderUnmapped] = Verdict.DropSenderUnmapped;
REFUSALS[-Refusal.Filtered] = Verdict.DropFiltered;
REFUSALS[-Refusal.NoLease] = Verdict.DropNoLease;
REFUSALS[-Refusal.OwnSource] = Verdict.DropOwnSource;
REFUSALS[-NO_SESSION] = Verdict.DropTcpNoSession;

/** The upper layer is not whole: no flow was asked for. */
export const REFUSED_MALFORMED = -20;
/** UDP without the checksum that there must be. */
export const REFUSED_NO_CHECKSUM = -21;
/** A fragment whose first one has not come yet. */
export const REFUSED_FOR_NOW = -22;
/** The source has no counterpart in the other family. */
export const REFUSED_SOURCE = -23;
/** An ICMP error quotes nothing of ours. */
export const REFUSED_QUOTE = -24;
/** A counterpart is an address that never crosses a router. */
export const REFUSED_ADDRESS = -25;
REFUSALS[-REFUSED_MALFORMED] = Verdict.DropMalformed;
REFUSALS[-REFUSED_NO_CHECKSUM] = Verdict.DropUdpNoChecksum;
REFUSALS[-REFUSED_FOR_NOW] = Verdict.Hold;
REFUSALS[-REFUSED_SOURCE] = Verdict.DropSource;
REFUSALS[-REFUSED_QUOTE] = Verdict.DropIcmpQuote;
REFUSALS[-REFUSED_ADDRESS] = Verdict.DropAddress;

/** Verdict of a refusal. */
export function refusalVerdict(refusal: number): Verdict {
  return REFUSALS[-refusal]!;
}
