/**
 * Packets that we originate: ICMP errors about packets we drop, and echo replies of our own addresses. Rate-limited,
 * each family by a bucket of its own (RFC 1812 §4.3.2.8, RFC 4443 §2.4(f)).
 */
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as virtioNet from '../wire/virtio-net.ts';
import type { HeaderChain } from '../xlat/header-chain.ts';
import * as originate from '../xlat/originate.ts';
import type { Batch } from './batch.ts';
import type { Identifications } from './identifications.ts';
import type { Packet } from './packet.ts';
import * as segmentHeaders from './segment-headers.ts';
import type { Settings } from './settings.ts';
import { TokenBucket } from './token-bucket.ts';
import * as transport from './transport.ts';
import { ERROR_V4, ERROR_V6, SILENT, TOO_BIG_V4, TOO_BIG_V6, Verdict } from './verdict.ts';

export class Answers {
  /** ICMP errors sent, and not sent because of the rate. */
  sent = 0;
  limited = 0;
  private readonly batch: Batch;
  private readonly identifications: Identifications;
  private readonly settings: Settings;
  private readonly offload = new virtioNet.Offload();
  private readonly bucket4: TokenBucket;
  private readonly bucket6: TokenBucket;
  /** Bytes of the last quote. */
  private quoted = 0;

  constructor(batch: Batch, identifications: Identifications, settings: Settings) {
    this.batch = batch;
    this.identifications = identifications;
    this.settings = settings;
    this.bucket4 = new TokenBucket(settings.icmpRate);
    this.bucket6 = new TokenBucket(settings.icmpRate);
  }

  /** Tell the sender of an IPv4 packet why it was dropped, if the verdict says so. */
  errorV4(verdict: Verdict, packet: Packet, now: number): void {
    const { view } = this.batch;
    const tooBig = verdict === Verdict.DropTooBig;
    const typeCode = tooBig ? TOO_BIG_V4 : ERROR_V4[verdict]!;
    if (typeCode === SILENT) return;
    if (!originate.mayAnswerV4(view, packet.at, packet.upper - packet.at)) return;
    if (!this.allowed(this.bucket4, now)) return;
    const out = this.quote(packet, originate.V4_OVERHEAD, originate.MAX_V4);
    const rest = tooBig ? packet.mtu : 0;
    const message = originate.writeErrorV4(view, out, typeCode, rest, this.quoted);
    ipv4.setAddresses(view, out, this.settings.self4 || packet.far, packet.near);
    originate.writeHeaderV4(view, out, message, this.identifications.next(), 0);
    this.batch.push(out, ipv4.MIN_HEADER_LENGTH + message);
  }

  /** The same for an IPv6 packet. @param chain walked along it */
  errorV6(verdict: Verdict, packet: Packet, chain: HeaderChain, now: number): void {
    const { view, bytes } = this.batch;
    const tooBig = verdict === Verdict.DropTooBig;
    const typeCode = tooBig ? TOO_BIG_V6 : ERROR_V6[verdict]!;
    if (typeCode === SILENT) return;
    if (!originate.mayAnswerV6(view, packet.at, chain, packet.end)) return;
    if (!this.allowed(this.bucket6, now)) return;
    const out = this.quote(packet, originate.V6_OVERHEAD, originate.MAX_V6);
    bytes.copyWithin(out + ipv6.DESTINATION, packet.far, packet.far + 16);
    this.writeSelf6(out + ipv6.SOURCE, packet.near);
    const rest = tooBig ? packet.mtu : this.pointer(verdict, packet, chain);
    const message = originate.writeErrorV6(view, out, typeCode, rest, this.quoted);
    originate.writeHeaderV6(view, out, message, 0);
    this.batch.push(out, ipv6.HEADER_LENGTH + message);
  }

  /**
   * Room for an error of at most `max` bytes, and behind its first `overhead` as much of the packet as fits, as the
   * sender's network had it. @returns offset of the error; the bytes of the quote are in `quoted`
   */
  private quote(packet: Packet, overhead: number, max: number): number {
    const { view, bytes } = this.batch;
    const header = packet.upper - packet.at;
    const length = this.lengthOnWire(packet);
    this.quoted = Math.min(header + length, max - overhead);
    const out = this.batch.reserve(overhead + this.quoted);
    const at = out + overhead;
    bytes.copyWithin(at, packet.at, packet.at + this.quoted);
    if (this.offload.segment === 0) return out;
    const upper = at + header;
    const end = at + this.quoted;
    if (view.getUint8(at) >>> 4 === 4) segmentHeaders.setV4(view, at, upper, length, 0);
    else segmentHeaders.setV6(view, at, upper, length);
    segmentHeaders.setUpper(view, upper, end, packet.upperLength, length, this.offload);
    return out;
  }

  /** Bytes of the upper layer as the sender's network had them: of a super-packet, those of its first segment. */
  private lengthOnWire(packet: Packet): number {
    const { view } = this.batch;
    this.offload.load(view, packet.at);
    if (this.offload.segment === 0) return packet.upperLength;
    return segmentHeaders.firstLength(view, packet.upper, packet.upperLength, this.offload);
  }

  /** Byte of the packet that a Parameter Problem is about, RFC 4443 §3.4. */
  private pointer(verdict: Verdict, packet: Packet, chain: HeaderChain): number {
    if (verdict === Verdict.DropRoutingHeader) return chain.errorAt - packet.at;
    return verdict === Verdict.DropOwnProtocol ? chain.protocolAt - packet.at : 0;
  }

  /** Answer a ping to our IPv4 address in place. @returns false when this is no echo request */
  echoV4(packet: Packet): boolean {
    const { view } = this.batch;
    if (ipv4.isFragment(packet.fragment) || !this.isEcho(packet, icmp.V4_ECHO_REQUEST)) return false;
    this.turnEcho(packet.upper, icmp.V4_ECHO_REPLY);
    const out = packet.upper - ipv4.MIN_HEADER_LENGTH;
    const tos = ipv4.tos(view, packet.at);
    ipv4.setAddresses(view, out, packet.far, packet.near);
    originate.writeHeaderV4(view, out, packet.upperLength, this.identifications.next(), tos);
    virtioNet.clear(view, out);
    this.batch.push(out, packet.end - out);
    return true;
  }

  /** The same for our IPv6 addresses. */
  echoV6(packet: Packet): boolean {
    const { view, bytes } = this.batch;
    if (packet.fragment !== 0 || !this.isEcho(packet, icmp.V6_ECHO_REQUEST)) return false;
    this.turnEcho(packet.upper, icmp.V6_ECHO_REPLY);
    const out = packet.upper - ipv6.HEADER_LENGTH;
    const trafficClass = ipv6.trafficClass(view, packet.at);
    const spare = this.batch.reserve(32);
    bytes.copyWithin(spare, packet.near, packet.near + 16);
    bytes.copyWithin(spare + 16, packet.far, packet.far + 16);
    bytes.copyWithin(out + ipv6.SOURCE, spare, spare + 32);
    originate.writeHeaderV6(view, out, packet.upperLength, trafficClass);
    virtioNet.clear(view, out);
    this.batch.push(out, packet.end - out);
    return true;
  }

  /** Whether this is a whole echo request; its checksum is, afterwards. */
  private isEcho(packet: Packet, requestType: number): boolean {
    const { view } = this.batch;
    if (packet.protocol !== icmp.V4 || packet.upperLength < icmp.HEADER_LENGTH) return false;
    if (icmp.type(view, packet.upper) !== requestType) return false;
    this.offload.load(view, packet.at);
    return transport.completeChecksum(view, packet, this.offload);
  }

  private turnEcho(message: number, replyType: number): void {
    const { view } = this.batch;
    const change = checksum.delta(icmp.typeCode(view, message), replyType << 8);
    icmp.setTypeCode(view, message, replyType, 0);
    const field = view.getUint16(message + icmp.CHECKSUM);
    view.setUint16(message + icmp.CHECKSUM, checksum.update(field, change));
  }

  private writeSelf6(to: number, fallback: number): void {
    const { view, bytes } = this.batch;
    const self = this.settings.self6;
    if (ipv6.isUnspecified(self)) {
      bytes.copyWithin(to, fallback, fallback + 16);
      return;
    }
    for (let i = 0; i < 4; i++) view.setInt32(to + i * 4, self[i]!);
  }

  private allowed(bucket: TokenBucket, now: number): boolean {
    const allowed = bucket.take(now);
    if (allowed) this.sent++;
    else this.limited++;
    return allowed;
  }
}
