/**
 * One packet from IPv4 to IPv6 (RFC 7915 §4): check → session → does it fit → rewrite in place → output.
 */

import { NO_SESSION, portPair, type SessionId } from '../nat/session.ts';
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import { GSO_TCPV6, GSO_UDP_L4, Offload } from '../wire/virtio-net.ts';
import { HEADER_DIFFERENCE } from '../xlat/mtu.ts';
import { isCopied, mark } from '../xlat/traffic-class.ts';
import * as v4ToV6 from '../xlat/v4-to-v6.ts';
import type { Batch } from './batch.ts';
import { DatagramTrain } from './datagram-train.ts';
import { type Flows, REFUSED_MALFORMED, refusalVerdict } from './flows.ts';
import type { IcmpErrors46 } from './icmp-errors-46.ts';
import { Packet } from './packet.ts';
import { type Settings, ZeroChecksum } from './settings.ts';
import { Splitter } from './splitter.ts';
import * as transport from './transport.ts';
import { Verdict } from './verdict.ts';

/** How a packet passes the next link. */
const FITS = 0;
const SPLIT = 1;
const TOO_BIG = 2;
/** A super-packet of UDP, whose datagrams are to be split. */
const CUT = 3;

export class FourToSix {
  readonly packet = new Packet();
  private readonly offload = new Offload();
  private readonly batch: Batch;
  private readonly flows: Flows;
  private readonly errors: IcmpErrors46;
  private readonly settings: Settings;
  private readonly splitter: Splitter;
  private readonly train: DatagramTrain;
  private readonly marks: boolean;

  constructor(batch: Batch, flows: Flows, errors: IcmpErrors46, settings: Settings) {
    this.batch = batch;
    this.flows = flows;
    this.errors = errors;
    this.settings = settings;
    this.splitter = new Splitter(batch);
    this.train = new DatagramTrain(batch);
    this.marks = !isCopied(settings);
  }

  /** @param length bytes received from `at` @param now ms. @returns what became of it; output is in the batch */
  translate(at: number, length: number, now: number): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    const header = ipv4.check(view, at, length);
    if (header === 0) return Verdict.DropMalformed;
    if (!ipv4.checksumOk(view, at, header)) return Verdict.DropHeaderChecksum;
    packet.at = at;
    packet.upper = at + header;
    packet.end = at + ipv4.totalLength(view, at); // bytes after Total Length are not forwarded
    packet.protocol = ipv4.protocol(view, at);
    packet.hops = ipv4.ttl(view, at);
    packet.fragment = ipv4.flagsOffset(view, at);
    packet.near = ipv4.source(view, at);
    packet.far = ipv4.destination(view, at);
    if (!ipv4.isRoutable(packet.near) || !ipv4.isRoutable(packet.far)) return Verdict.DropAddress;
    if (packet.far === this.settings.self4) return this.toUs();
    if (packet.hops <= 1) return Verdict.DropTtl;
    if (header > ipv4.MIN_HEADER_LENGTH && ipv4.hasUnexpiredSourceRoute(view, at, header)) {
      return Verdict.DropSourceRoute;
    }
    this.offload.load(view, at);
    if (ipv4.isFragment(packet.fragment)) return this.fragment(now);
    if (transport.hasPorts(packet.protocol)) return this.datagram(now);
    return packet.protocol === icmp.V4 ? this.icmp(now) : this.other(now);
  }

  /** Part of a ping is no ping, and nothing to refuse either. */
  private toUs(): Verdict {
    const { protocol, fragment } = this.packet;
    if (protocol !== icmp.V4) {
      return transport.hasPorts(protocol) ? Verdict.DropOwnAddress : Verdict.DropOwnProtocol;
    }
    return ipv4.isFragment(fragment) ? Verdict.DropIcmpFragment : Verdict.DropOwnAddress;
  }

  /** TCP or UDP, whole. */
  private datagram(now: number): Verdict {
    const { packet } = this;
    const id = this.session(now);
    if (id < 0) return refusalVerdict(id);
    const session = id as SessionId;
    const fit = this.fit(session, now);
    if (fit === TOO_BIG) return Verdict.DropTooBig;
    if (fit === CUT) return this.cut(now);
    this.flows.track(session, packet, 0, now);
    if ((packet.flags & tcp.SYN) !== 0 && this.settings.clampMss) this.clampMss(session, now);
    this.rewrite(session);
    return this.output(session, fit === SPLIT);
  }

  /** Each datagram of a super-packet goes the way of one that came alone. @returns what became of the last */
  private cut(now: number): Verdict {
    let verdict = Verdict.DropMalformed;
    this.train.open(this.packet);
    while (this.train.next()) verdict = this.translate(this.train.at, this.train.length, now);
    return verdict;
  }

  /** @returns the session of a TCP or UDP header, found or made; or a refusal */
  private session(now: number): number {
    const { view } = this.batch;
    const { packet } = this;
    if (!transport.isWhole(view, packet.upper, packet.upperLength, packet.protocol)) return REFUSED_MALFORMED;
    packet.ports = tcp.ports(view, packet.upper);
    packet.flags = packet.protocol === tcp.PROTOCOL ? tcp.flags(view, packet.upper) : 0;
    packet.isUnsummed = !this.offload.needsChecksum && transport.isUnsummed(view, packet);
    if (packet.isUnsummed) {
      const isFragment = ipv4.isFragment(packet.fragment);
      const refusal = transport.refuseUnsummed(view, packet, isFragment, this.settings.zeroChecksum46);
      if (refusal !== 0) return refusal;
    }
    const id = this.flows.findInside(packet, now);
    return id !== NO_SESSION ? id : this.flows.openInside(packet, now);
  }

  /** Ports and checksum of the upper layer. */
  private rewrite(id: SessionId): void {
    const { view } = this.batch;
    const { upper, protocol } = this.packet;
    const { sessions } = this.flows;
    tcp.setPorts(view, upper, sessions.outsidePorts(id));
    if (this.offload.needsChecksum) {
      transport.updatePartial(view, upper, protocol, sessions.addressDelta(id));
    } else if (this.packet.isUnsummed) {
      if (this.settings.zeroChecksum46 === ZeroChecksum.Forward) return;
      const inside = checksum.words(this.packet.near) + checksum.words(this.packet.far);
      transport.computeUdp(view, upper, inside + sessions.addressDelta(id));
    } else {
      transport.updateChecksum(view, upper, protocol, sessions.delta(id));
    }
  }

  /** A fragment: ports from its own first piece, or from the one remembered. */
  private fragment(now: number): Verdict {
    const { packet } = this;
    const { protocol } = packet;
    if (protocol === icmp.V4) return Verdict.DropIcmpFragment;
    const refused = transport.refuseProtocol(packet.protocol, this.flows);
    if (refused !== transport.CARRIED) return refused;
    const offset = (packet.fragment & ipv4.OFFSET_MASK) << 3;
    if (offset + packet.upperLength > ipv4.MAX_TOTAL_LENGTH) return Verdict.DropMalformed;
    const hasPorts = offset === 0 && transport.hasPorts(protocol);
    packet.ports = 0;
    const id = hasPorts ? this.session(now) : this.flows.findFragment4(packet, now);
    if (id < 0) return refusalVerdict(id);
    const session = id as SessionId;
    const fit = this.fit(session, now);
    if (fit === TOO_BIG) return Verdict.DropTooBig;
    if (hasPorts) {
      this.flows.rememberFragment4(session, packet, now);
      this.flows.track(session, packet, 0, now);
      this.rewrite(session);
    }
    return this.output(session, fit === SPLIT);
  }

  /** A protocol of which only the header is translated (RFC 7915 §4.5). */
  private other(now: number): Verdict {
    const { packet } = this;
    const refused = transport.refuseProtocol(packet.protocol, this.flows);
    if (refused !== transport.CARRIED) return refused;
    packet.ports = 0;
    const id = this.flows.findFragment4(packet, now);
    if (id < 0) return refusalVerdict(id);
    const session = id as SessionId;
    const fit = this.fit(session, now);
    return fit === TOO_BIG ? Verdict.DropTooBig : this.output(session, fit === SPLIT);
  }

  private icmp(now: number): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    if (packet.upperLength < icmp.HEADER_LENGTH) return Verdict.DropMalformed;
    const type = icmp.type(view, packet.upper);
    if (icmp.isErrorV4(type)) return this.errors.translate(packet, now);
    if (type !== icmp.V4_ECHO_REQUEST && type !== icmp.V4_ECHO_REPLY) return Verdict.DropIcmpType;
    packet.ports = portPair(icmp.identifier(view, packet.upper), 0);
    packet.flags = 0;
    let id: number = this.flows.findInside(packet, now);
    if (id === NO_SESSION && type === icmp.V4_ECHO_REPLY) return Verdict.DropNoSession;
    if (id === NO_SESSION) id = this.flows.openInside(packet, now);
    return id < 0 ? refusalVerdict(id) : this.echo(id as SessionId, type, now);
  }

  private echo(id: SessionId, type: number, now: number): Verdict {
    const { packet } = this;
    const fit = this.fit(id, now);
    if (fit === TOO_BIG) return Verdict.DropTooBig;
    if (!transport.completeChecksum(this.batch.view, packet, this.offload)) return Verdict.DropMalformed;
    this.flows.track(id, packet, 0, now);
    const { sessions } = this.flows;
    const newType = type === icmp.V4_ECHO_REQUEST ? icmp.V6_ECHO_REQUEST : icmp.V6_ECHO_REPLY;
    const delta = checksum.fold(sessions.delta(id) + packet.upperLength);
    const identifier = sessions.outsidePorts(id) >>> 16;
    transport.translateEcho(this.batch.view, packet.upper, newType, identifier, delta);
    return this.output(id, fit === SPLIT);
  }

  /**
   * RFC 7915 §4.1: DF=1 and too big for the path, or DF=0 and larger than every IPv6 link is known to carry. A fragment
   * that is too big only because of its Fragment header hears of a smaller MTU, or it would come back the same.
   */
  private fit(id: SessionId, now: number): number {
    const { packet } = this;
    const isFragment = ipv4.isFragment(packet.fragment);
    const total = v4ToV6.headerLength(isFragment) + packet.upperLength;
    // Every IPv6 path carries that much
    if (total <= ipv6.MIN_MTU && this.offload.segment === 0) return FITS;
    const mayFragment = (packet.fragment & ipv4.DF) === 0;
    const mtu = this.pathMtu(id, now);
    const limit = mayFragment ? Math.min(mtu, this.settings.lowestIpv6Mtu) : mtu;
    packet.mtu = mtu - HEADER_DIFFERENCE;
    if (this.offload.segment !== 0) return this.fitSegments(limit);
    if (total <= limit) return FITS;
    if (mayFragment) {
      packet.mtu = limit;
      return SPLIT;
    }
    if (isFragment && ipv6.HEADER_LENGTH + packet.upperLength <= mtu)
      packet.mtu -= ipv6.FRAGMENT_HEADER_LENGTH;
    return TOO_BIG;
  }

  /** What the next link and the path behind it carry, as far as is known, bytes. */
  private pathMtu(id: SessionId, now: number): number {
    return Math.min(this.settings.mtu6, this.flows.sessions.pathMtu(id, now));
  }

  /** A super-packet of TCP is cut into smaller segments instead of being refused; one of UDP only if fragments may be. */
  private fitSegments(limit: number): number {
    const { packet } = this;
    const isUdp = this.offload.type === GSO_UDP_L4;
    const header = isUdp ? udp.HEADER_LENGTH : tcp.headerLength(this.batch.view, packet.upper);
    const room = limit - ipv6.HEADER_LENGTH - header;
    if (this.offload.segment <= room) return FITS;
    if (isUdp) return this.mayCut() ? CUT : TOO_BIG;
    this.offload.segment = room;
    return FITS;
  }

  /** Whether it is one of UDP as the kernel makes them, and says that it may be fragmented. */
  private mayCut(): boolean {
    const { fragment, protocol } = this.packet;
    const isDatagram = protocol === udp.PROTOCOL && !ipv4.isFragment(fragment);
    return isDatagram && (fragment & ipv4.DF) === 0 && this.offload.needsChecksum;
  }

  private clampMss(id: SessionId, now: number): void {
    const partial = this.offload.needsChecksum;
    transport.clampMss(
      this.batch.view,
      this.packet.upper,
      this.settings.mtu4,
      this.pathMtu(id, now),
      partial,
    );
  }

  private output(id: SessionId, split: boolean): Verdict {
    const { view } = this.batch;
    const { packet } = this;
    const header = packet.upper - packet.at;
    if (split && !transport.completeChecksum(view, packet, this.offload)) return Verdict.DropMalformed;
    const identification = ipv4.identification(view, packet.at);
    if (this.marks) ipv4.setTos(view, packet.at, mark(ipv4.tos(view, packet.at), this.settings));
    const out = v4ToV6.translateHeader(view, packet.at, header, packet.hops - 1);
    this.flows.sessions.writeOutside(id, view, out + ipv6.SOURCE);
    if (split) {
      this.splitter.split(out, packet, identification, packet.mtu);
      return Verdict.Forward46;
    }
    this.offload.store(view, out, packet.at - out, GSO_TCPV6);
    this.batch.push(out, packet.end - out);
    return Verdict.Forward46;
  }
}
