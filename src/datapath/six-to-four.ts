/**
 * One packet from IPv6 to IPv4 (RFC 7915 §5): check → header chain → session → does it fit → rewrite in place → output.
 */

import { NO_SESSION, portPair, type SessionId, swapPorts } from '../nat/session.ts';
import { FROM_OUTSIDE } from '../nat/tcp-state.ts';
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import { GSO_TCPV4, GSO_UDP_L4, Offload } from '../wire/virtio-net.ts';
import { ChainResult, HeaderChain } from '../xlat/header-chain.ts';
import { HEADER_DIFFERENCE, SMALL_V4 } from '../xlat/mtu.ts';
import { isCopied, mark } from '../xlat/traffic-class.ts';
import * as v6ToV4 from '../xlat/v6-to-v4.ts';
import type { Batch } from './batch.ts';
import { type Flows, REFUSED_MALFORMED, refusalVerdict } from './flows.ts';
import type { IcmpErrors64 } from './icmp-errors-64.ts';
import type { Identifications } from './identifications.ts';
import { Packet } from './packet.ts';
import { type Settings, ZeroChecksum } from './settings.ts';
import * as transport from './transport.ts';
import { Verdict } from './verdict.ts';

export class SixToFour {
  readonly packet = new Packet();
  readonly chain = new HeaderChain();
  private readonly offload = new Offload();
  private readonly header = v6ToV4.newHeader();
  private readonly batch: Batch;
  private readonly flows: Flows;
  private readonly errors: IcmpErrors64;
  private readonly identifications: Identifications;
  private readonly settings: Settings;
  private readonly marks: boolean;

  constructor(
    batch: Batch,
    flows: Flows,
    errors: IcmpErrors64,
    identifications: Identifications,
    settings: Settings,
  ) {
    this.batch = batch;
    this.flows = flows;
    this.errors = errors;
    this.identifications = identifications;
    this.settings = settings;
    this.marks = !isCopied(settings);
  }

  /** @param length bytes received from `at` @param now ms. @returns what became of it; output is in the batch */
  translate(at: number, length: number, now: number): Verdict {
    const { view } = this.batch;
    const { packet, chain } = this;
    if (ipv6.check(view, at, length) === 0) return Verdict.DropMalformed;
    packet.at = at;
    packet.end = at + ipv6.HEADER_LENGTH + ipv6.payloadLength(view, at);
    packet.hops = ipv6.hopLimit(view, at);
    packet.near = at + ipv6.DESTINATION;
    packet.far = at + ipv6.SOURCE;
    const walked = chain.walk(view, at, packet.end);
    if (walked === ChainResult.Truncated) return Verdict.DropMalformed;
    packet.upper = chain.upper;
    packet.protocol = v6ToV4.protocolOf(chain);
    packet.fragment = chain.fragment !== 0 && ipv6.isAtomic(view, chain.fragment) ? 0 : chain.fragment;
    packet.turnsBack = false;
    if (!ipv6.isRoutable(view, packet.far) || !ipv6.isRoutable(view, packet.near)) return Verdict.DropAddress;
    if (this.isSelf(packet.near)) return this.toUs();
    if (packet.hops <= 1) return Verdict.DropTtl;
    if (walked === ChainResult.SegmentsLeft) return Verdict.DropRoutingHeader;
    if (walked === ChainResult.AfterFragment) return Verdict.DropAfterFragment;
    this.offload.load(view, at);
    if (packet.fragment !== 0) return this.fragment(now);
    if (transport.hasPorts(packet.protocol)) return this.datagram(now);
    return packet.protocol === icmp.V4 ? this.icmp(now) : this.other(now);
  }

  private datagram(now: number): Verdict {
    const { packet } = this;
    const id = this.session(now);
    if (id < 0) return refusalVerdict(id);
    const session = id as SessionId;
    if (!this.fits(session)) return Verdict.DropTooBig;
    this.flows.track(session, packet, FROM_OUTSIDE, now);
    if ((packet.flags & tcp.SYN) !== 0 && this.settings.clampMss) this.clampMss(session, now);
    this.rewrite(session);
    return this.output(session);
  }

  /** @returns the session of a TCP or UDP header, found or made; or a refusal */
  private session(now: number): number {
    const { view } = this.batch;
    const { packet } = this;
    if (!transport.isWhole(view, packet.upper, packet.upperLength, packet.protocol)) return REFUSED_MALFORMED;
    packet.ports = swapPorts(tcp.ports(view, packet.upper));
    packet.flags = packet.protocol === tcp.PROTOCOL ? tcp.flags(view, packet.upper) : 0;
    // RFC 8200 §8.1: UDP over IPv6 has a checksum, but for tunnels that agreed otherwise (RFC 6935)
    packet.isUnsummed = !this.offload.needsChecksum && transport.isUnsummed(view, packet);
    if (packet.isUnsummed) {
      const isFragment = packet.fragment !== 0;
      const refusal = transport.refuseUnsummed(view, packet, isFragment, this.settings.zeroChecksum64);
      if (refusal !== 0) return refusal;
    }
    const id = this.flows.findOutside(packet, now);
    return id !== NO_SESSION ? id : this.flows.openOutside(packet, now);
  }

  private rewrite(id: SessionId): void {
    const { view } = this.batch;
    const { upper, protocol } = this.packet;
    const { sessions } = this.flows;
    tcp.setPorts(view, upper, swapPorts(sessions.insidePorts(id)));
    if (this.offload.needsChecksum) {
      transport.updatePartial(view, upper, protocol, checksum.negate(sessions.addressDelta(id)));
    } else if (this.packet.isUnsummed) {
      if (this.settings.zeroChecksum64 === ZeroChecksum.Forward) return;
      const inside = checksum.words(sessions.insideNear(id)) + checksum.words(sessions.insideFar(id));
      transport.computeUdp(view, upper, inside);
    } else {
      transport.updateChecksum(view, upper, protocol, checksum.negate(sessions.delta(id)));
    }
  }

  private fragment(now: number): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    if (packet.protocol === icmp.V4) return Verdict.DropIcmpFragment;
    const refused = transport.refuseProtocol(packet.protocol, this.flows);
    if (refused !== transport.CARRIED) return refused;
    const offset = ipv6.fragmentOffset(view, packet.fragment);
    if (offset + packet.upperLength > ipv4.MAX_TOTAL_LENGTH) return Verdict.DropMalformed;
    const hasPorts = offset === 0 && transport.hasPorts(packet.protocol);
    packet.ports = 0;
    const id = hasPorts ? this.session(now) : this.flows.findFragment6(packet, now);
    if (id < 0) return refusalVerdict(id);
    const session = id as SessionId;
    if (!this.fits(session)) return Verdict.DropTooBig;
    if (hasPorts) {
      this.flows.rememberFragment6(session, packet, now);
      this.flows.track(session, packet, FROM_OUTSIDE, now);
      this.rewrite(session);
    }
    return this.output(session);
  }

  /** A protocol of which only the header is translated (RFC 7915 §5.5). */
  private other(now: number): Verdict {
    const { packet } = this;
    const refused = transport.refuseProtocol(packet.protocol, this.flows);
    if (refused !== transport.CARRIED) return refused;
    packet.ports = 0;
    const id = this.flows.findFragment6(packet, now);
    if (id < 0) return refusalVerdict(id);
    return this.fits(id as SessionId) ? this.output(id as SessionId) : Verdict.DropTooBig;
  }

  private icmp(now: number): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    if (packet.upperLength < icmp.HEADER_LENGTH) return Verdict.DropMalformed;
    const type = icmp.type(view, packet.upper);
    if (icmp.isErrorV6(type)) return this.errors.translate(packet, now);
    if (type !== icmp.V6_ECHO_REQUEST && type !== icmp.V6_ECHO_REPLY) return Verdict.DropIcmpType;
    packet.ports = portPair(icmp.identifier(view, packet.upper), 0);
    packet.flags = 0;
    const id = this.flows.findOutside(packet, now);
    if (id >= 0) return this.echo(id as SessionId, type, now);
    if (id !== NO_SESSION) return refusalVerdict(id);
    const isPing = type === icmp.V6_ECHO_REQUEST && this.flows.isMember(packet.near);
    return isPing ? Verdict.DropOwnAddress : refusalVerdict(this.flows.openOutside(packet, now));
  }

  private echo(id: SessionId, type: number, now: number): Verdict {
    const { packet } = this;
    if (!this.fits(id)) return Verdict.DropTooBig;
    if (!transport.completeChecksum(this.batch.view, packet, this.offload)) return Verdict.DropMalformed;
    this.flows.track(id, packet, FROM_OUTSIDE, now);
    const { sessions } = this.flows;
    const newType = type === icmp.V6_ECHO_REQUEST ? icmp.V4_ECHO_REQUEST : icmp.V4_ECHO_REPLY;
    const delta = checksum.negate(checksum.fold(sessions.delta(id) + packet.upperLength));
    const identifier = sessions.insidePorts(id) >>> 16;
    transport.translateEcho(this.batch.view, packet.upper, newType, identifier, delta);
    return this.output(id);
  }

  /**
   * RFC 7915 §5.1: too big for the next link, unless no smaller report could help (the sender may stay at 1280, and
   * IPv4 routers fragment what is that small). What turns back does not see an IPv4 link.
   */
  private fits(id: SessionId): boolean {
    const { view } = this.batch;
    const { packet } = this;
    const { mtu4 } = this.settings;
    const total = v6ToV4.totalLength(view, packet.at, this.chain);
    this.header.wireLength = total;
    packet.turnsBack = this.flows.turnsBack(id);
    if (total <= SMALL_V4 && this.offload.segment === 0) return true;
    if (packet.turnsBack) return this.fitsBack(total);
    packet.mtu = Math.max(ipv6.MIN_MTU, mtu4 + HEADER_DIFFERENCE);
    if (this.offload.segment !== 0) return this.fitSegments(mtu4);
    return total <= mtu4;
  }

  /**
   * What turns back goes on over an IPv6 link. It is refused here: as an IPv4 packet it would be refused in words that
   * its sender cannot match to what it sent. What has a Fragment header may be split, and TCP cut into other segments.
   */
  private fitsBack(total: number): boolean {
    const { mtu6 } = this.settings;
    const { segment, type } = this.offload;
    this.packet.mtu = mtu6;
    if (total > ipv4.MAX_TOTAL_LENGTH) return false;
    if (this.chain.fragment !== 0) return true;
    if (segment === 0) return total + HEADER_DIFFERENCE <= mtu6;
    return type !== GSO_UDP_L4 || segment + udp.HEADER_LENGTH + ipv6.HEADER_LENGTH <= mtu6;
  }

  private fitSegments(mtu4: number): boolean {
    const { packet } = this;
    const isUdp = this.offload.type === GSO_UDP_L4;
    const header =
      ipv4.MIN_HEADER_LENGTH + (isUdp ? udp.HEADER_LENGTH : tcp.headerLength(this.batch.view, packet.upper));
    const whole = this.header.wireLength;
    this.header.wireLength = Math.min(whole, header + this.offload.segment);
    if (whole > ipv4.MAX_TOTAL_LENGTH) return false;
    if (this.header.wireLength <= mtu4) return true;
    if (isUdp) return this.header.wireLength <= SMALL_V4;
    this.header.wireLength = mtu4;
    this.offload.segment = mtu4 - header;
    return true;
  }

  /** Part of a ping is no ping, and nothing to refuse either. */
  private toUs(): Verdict {
    const { protocol, fragment } = this.packet;
    if (protocol !== icmp.V4) {
      return transport.hasPorts(protocol) ? Verdict.DropOwnAddress : Verdict.DropOwnProtocol;
    }
    return fragment !== 0 ? Verdict.DropIcmpFragment : Verdict.DropOwnAddress;
  }

  private isSelf(address: number): boolean {
    const { view } = this.batch;
    const { self6 } = this.settings;
    for (let i = 3; i >= 0; i--) if (view.getInt32(address + i * 4) !== self6[i]) return false;
    return true;
  }

  /** What a router said about the path outwards is for what the inside host sends, which this SYN bounds. */
  private clampMss(id: SessionId, now: number): void {
    const { mtu4, mtu6 } = this.settings;
    const path = Math.min(mtu6, this.flows.sessions.pathMtu(id, now));
    transport.clampMss(this.batch.view, this.packet.upper, mtu4, path, this.offload.needsChecksum);
  }

  private output(id: SessionId): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    const { sessions } = this.flows;
    this.header.source = sessions.insideFar(id); // always the address that the client dialled
    this.header.destination = sessions.insideNear(id);
    this.header.hops = packet.turnsBack ? packet.hops : packet.hops - 1; // counted once in all
    this.header.identification = this.identifications.next();
    if (this.marks)
      ipv6.setTrafficClass(view, packet.at, mark(ipv6.trafficClass(view, packet.at), this.settings));
    const out = v6ToV4.translateHeader(view, packet.at, this.chain, this.header);
    this.offload.store(view, out, packet.at - out, GSO_TCPV4);
    this.batch.push(out, packet.end - out);
    return Verdict.Forward64;
  }
}
