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
import { SMALL_V4 } from '../xlat/mtu.ts';
import * as v6ToV4 from '../xlat/v6-to-v4.ts';
import type { Batch } from './batch.ts';
import { type Flows, REFUSED_MALFORMED, REFUSED_NO_CHECKSUM, refusalVerdict } from './flows.ts';
import type { FragmentBindings } from './fragment-bindings.ts';
import type { IcmpErrors64 } from './icmp-errors-64.ts';
import type { Identifications } from './identifications.ts';
import { Packet } from './packet.ts';
import type { Settings } from './settings.ts';
import * as transport from './transport.ts';
import { Verdict } from './verdict.ts';

export class SixToFour {
  readonly packet = new Packet();
  readonly chain = new HeaderChain();
  readonly #offload = new Offload();
  readonly #header: v6ToV4.V4Header = {
    source: 0,
    destination: 0,
    hops: 0,
    identification: 0,
    wireLength: 0,
  };
  readonly #batch: Batch;
  readonly #flows: Flows;
  readonly #fragments: FragmentBindings;
  readonly #errors: IcmpErrors64;
  readonly #identifications: Identifications;
  readonly #settings: Settings;

  constructor(
    batch: Batch,
    flows: Flows,
    fragments: FragmentBindings,
    errors: IcmpErrors64,
    identifications: Identifications,
    settings: Settings,
  ) {
    this.#batch = batch;
    this.#flows = flows;
    this.#fragments = fragments;
    this.#errors = errors;
    this.#identifications = identifications;
    this.#settings = settings;
  }

  /** @param length bytes received from `at` @param now ms. @returns what became of it; output is in the batch */
  translate(at: number, length: number, now: number): Verdict {
    const { view } = this.#batch;
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
    packet.protocol =
      chain.protocol === icmp.V6 ? icmp.V4 : chain.protocol === icmp.V4 ? NONE : chain.protocol;
    packet.fragment = chain.fragment;
    if (!isTranslated(view, packet.far) || !isTranslated(view, packet.near)) return Verdict.DropAddress;
    if (this.#isSelf(packet.near)) return this.#toUs();
    if (packet.hops <= 1) return Verdict.DropTtl;
    if (walked === ChainResult.SegmentsLeft) return Verdict.DropRoutingHeader;
    if (walked === ChainResult.AfterFragment) return Verdict.DropAfterFragment;
    this.#offload.load(view, at);
    if (packet.fragment !== 0) return this.#fragment(now);
    if (packet.protocol === tcp.PROTOCOL || packet.protocol === udp.PROTOCOL) return this.#datagram(now);
    return packet.protocol === icmp.V4 ? this.#icmp(now) : Verdict.DropProtocol;
  }

  #datagram(now: number): Verdict {
    const { packet } = this;
    const id = this.#session(now);
    if (id < 0) return refusalVerdict(id);
    if (!this.#fits()) return Verdict.DropTooBig;
    const session = id as SessionId;
    this.#flows.track(session, packet, FROM_OUTSIDE, now);
    if ((packet.flags & tcp.SYN) !== 0) this.#clampMss();
    this.#rewrite(session);
    return this.#output(session);
  }

  /** @returns the session of a TCP or UDP header, found or made; or a refusal */
  #session(now: number): number {
    const { view } = this.#batch;
    const { packet } = this;
    if (!transport.isWhole(view, packet.upper, packet.upperLength, packet.protocol)) return REFUSED_MALFORMED;
    packet.ports = swapPorts(tcp.ports(view, packet.upper));
    packet.flags = packet.protocol === tcp.PROTOCOL ? tcp.flags(view, packet.upper) : 0;
    // RFC 8200 §8.1: UDP over IPv6 has a checksum
    if (packet.protocol === udp.PROTOCOL && !this.#offload.needsChecksum) {
      if (udp.checksumField(view, packet.upper) === 0) return REFUSED_NO_CHECKSUM;
    }
    const id = this.#flows.findOutside(packet, now);
    return id !== NO_SESSION ? id : this.#flows.openOutside(packet, now);
  }

  #rewrite(id: SessionId): void {
    const { view } = this.#batch;
    const { upper, protocol } = this.packet;
    const { sessions } = this.#flows;
    tcp.setPorts(view, upper, swapPorts(sessions.insidePorts(id)));
    if (this.#offload.needsChecksum) {
      transport.updatePartial(view, upper, protocol, checksum.negate(sessions.addressDelta(id)));
    } else {
      transport.updateChecksum(view, upper, protocol, checksum.negate(sessions.delta(id)));
    }
  }

  #fragment(now: number): Verdict {
    const { view } = this.#batch;
    const { packet } = this;
    if (packet.protocol === icmp.V4) return Verdict.DropIcmpFragment;
    if (packet.protocol !== tcp.PROTOCOL && packet.protocol !== udp.PROTOCOL) return Verdict.DropProtocol;
    const offset = ipv6.fragmentOffset(view, packet.fragment);
    if (offset + packet.upperLength > ipv4.MAX_TOTAL_LENGTH) return Verdict.DropMalformed;
    const isFirst = offset === 0;
    const id = isFirst ? this.#session(now) : this.#fragments.find6(packet, now);
    if (id < 0) return isFirst ? refusalVerdict(id) : this.#awaitFirst();
    if (!this.#fits()) return Verdict.DropTooBig;
    const session = id as SessionId;
    if (isFirst) {
      // An atomic fragment is alone and leaves others of its identification alone, RFC 6946 §4
      if (ipv6.hasMoreFragments(view, packet.fragment)) this.#fragments.remember6(packet, session, now);
      this.#flows.track(session, packet, FROM_OUTSIDE, now);
      this.#rewrite(session);
    }
    return this.#output(session);
  }

  /** Only what a mapped host sends to us may take room while it waits. */
  #awaitFirst(): Verdict {
    const { near, far } = this.packet;
    if (!this.#flows.isMember(near)) return Verdict.DropNoSession;
    return this.#flows.syntheticOf(far) === 0 ? Verdict.DropSenderUnmapped : Verdict.Hold;
  }

  #icmp(now: number): Verdict {
    const { view } = this.#batch;
    const { packet } = this;
    if (packet.upperLength < icmp.HEADER_LENGTH) return Verdict.DropMalformed;
    const type = icmp.type(view, packet.upper);
    if (icmp.isErrorV6(type)) return this.#errors.translate(packet, now);
    if (type !== icmp.V6_ECHO_REQUEST && type !== icmp.V6_ECHO_REPLY) return Verdict.DropIcmpType;
    packet.ports = portPair(icmp.identifier(view, packet.upper), 0);
    packet.flags = 0;
    const id = this.#flows.findOutside(packet, now);
    if (id !== NO_SESSION) return this.#echo(id, type, now);
    const isPing = type === icmp.V6_ECHO_REQUEST && this.#flows.isMember(packet.near);
    return isPing ? Verdict.DropOwnAddress : Verdict.DropNoSession;
  }

  #echo(id: SessionId, type: number, now: number): Verdict {
    const { packet } = this;
    if (!this.#fits()) return Verdict.DropTooBig;
    if (!transport.completeChecksum(this.#batch.view, packet, this.#offload)) return Verdict.DropMalformed;
    this.#flows.track(id, packet, FROM_OUTSIDE, now);
    const { sessions } = this.#flows;
    const newType = type === icmp.V6_ECHO_REQUEST ? icmp.V4_ECHO_REQUEST : icmp.V4_ECHO_REPLY;
    const delta = checksum.negate(checksum.fold(sessions.delta(id) + packet.upperLength));
    const identifier = sessions.insidePorts(id) >>> 16;
    transport.translateEcho(this.#batch.view, packet.upper, newType, identifier, delta);
    return this.#output(id);
  }

  /**
   * RFC 7915 §5.1: too big for the next link, unless no smaller report could help (the sender may stay at 1280, and
   * IPv4 routers fragment what is that small).
   */
  #fits(): boolean {
    const { view } = this.#batch;
    const { packet } = this;
    const { mtu4 } = this.#settings;
    const total = v6ToV4.totalLength(view, packet.at, this.chain);
    this.#header.wireLength = total;
    if (this.#offload.segment !== 0) return this.#fitSegments(mtu4);
    return total <= mtu4 || total <= SMALL_V4;
  }

  #fitSegments(mtu4: number): boolean {
    const { packet } = this;
    const isUdp = this.#offload.type === GSO_UDP_L4;
    const header =
      ipv4.MIN_HEADER_LENGTH + (isUdp ? udp.HEADER_LENGTH : tcp.headerLength(this.#batch.view, packet.upper));
    const whole = this.#header.wireLength;
    this.#header.wireLength = Math.min(whole, header + this.#offload.segment);
    if (whole > ipv4.MAX_TOTAL_LENGTH) return false;
    if (this.#header.wireLength <= mtu4) return true;
    if (isUdp) return this.#header.wireLength <= SMALL_V4;
    this.#header.wireLength = mtu4;
    this.#offload.segment = mtu4 - header;
    return true;
  }

  /** Part of a ping is no ping, and nothing to refuse either. */
  #toUs(): Verdict {
    const { protocol, fragment } = this.packet;
    return protocol === icmp.V4 && fragment !== 0 ? Verdict.DropIcmpFragment : Verdict.DropOwnAddress;
  }

  #isSelf(address: number): boolean {
    const { view } = this.#batch;
    const { self6 } = this.#settings;
    for (let i = 3; i >= 0; i--) if (view.getInt32(address + i * 4) !== self6[i]) return false;
    return true;
  }

  #clampMss(): void {
    const { mtu4, mtu6 } = this.#settings;
    const limit = Math.min(mtu6 - ipv6.HEADER_LENGTH, mtu4 - ipv4.MIN_HEADER_LENGTH) - tcp.MIN_HEADER_LENGTH;
    tcp.clampMss(this.#batch.view, this.packet.upper, limit, this.#offload.needsChecksum);
  }

  #output(id: SessionId): Verdict {
    const { view } = this.#batch;
    const { packet } = this;
    const { sessions } = this.#flows;
    this.#header.source = sessions.insideFar(id); // always the address that the client dialled
    this.#header.destination = sessions.insideNear(id);
    this.#header.hops = packet.hops - 1;
    this.#header.identification = this.#identifications.next();
    const out = v6ToV4.translateHeader(view, packet.at, this.chain, this.#header);
    this.#offload.store(view, out, packet.at - out, GSO_TCPV4);
    this.#batch.push(out, packet.end - out);
    return Verdict.Forward64;
  }
}

/** A protocol that is none of ours. */
const NONE = 255;

/** Unicast and valid beyond its link. */
function isTranslated(view: DataView, address: number): boolean {
  return ipv6.isUnicast(view, address) && !ipv6.isLinkLocal(view, address);
}
