/**
 * Flows of the stateless translator: both addresses of a packet come from a function (`xlat/address-map.ts`), its ports
 * stay. A flow is a row of a private session table that serves as a direct-mapped cache of address pairs: the packets of
 * one pair find their addresses and checksum deltas where the stateful gateway finds those of a session.
 *
 * Hairpinning, RFC 7757 §4.2: two hosts that have explicit mappings talk through the translator, and each must see the
 * other as an address of the prefix, or the replies would go past the translator. The rules are those of the section;
 * `simple` keeps them always, `intrinsic` for a packet that turns back here and is translated again at once.
 */
import { setDeltas } from '../nat/deltas.ts';
import { finish, mix } from '../nat/hash-index.ts';
import { Refusal } from '../nat/nat46-resolver.ts';
import { byteLength, Segment } from '../nat/segment.ts';
import { blankSession, type SessionId, SessionTable, sameAddress } from '../nat/session.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import { AddressMap, type AddressMapInput } from '../xlat/address-map.ts';
import * as v4ToV6 from '../xlat/v4-to-v6.ts';
import type { V4Header } from '../xlat/v6-to-v4.ts';
import { type Flows, REFUSED_ADDRESS, REFUSED_QUOTE, REFUSED_SOURCE } from './flows.ts';
import type { Packet } from './packet.ts';
import type { Settings } from './settings.ts';

export type Hairpin = 'off' | 'simple' | 'intrinsic';

/** What a worker is told; replaced whole when the mappings change. */
export interface AddressFlowsInput {
  readonly map: AddressMapInput;
  readonly hairpin: Hairpin;
}

/** Pairs a direction that are remembered; a power of two. 128 KiB each. */
const PAIRS = 1024;
/** Rows: pairs from IPv4, pairs from IPv6, and one for the packet that an error quotes. */
const FROM_6 = PAIRS;
const QUOTED = (2 * PAIRS) as SessionId;
const GEOMETRY = { sessions: 2 * PAIRS + 1, mappings: 1, clients: 1, fragments: 1, members: 1, workers: 1 };

/** State of a row from IPv6: the packet turns back. Of a row from IPv4: made under the rules of hairpinning. */
const TURNS = 1;

export class AddressFlows implements Flows {
  readonly sessions: SessionTable;
  turning = false;
  private readonly words: Int32Array;
  private readonly view: DataView;
  private readonly settings: Settings;
  private readonly new = blankSession();
  private readonly scratch = new Int32Array(4);
  private map: AddressMap;
  private hairpin: Hairpin;

  /** @param view where the packets are */
  constructor(view: DataView, { map, hairpin }: AddressFlowsInput, settings: Settings) {
    const segment = new Segment(new ArrayBuffer(byteLength(GEOMETRY)), GEOMETRY);
    this.sessions = new SessionTable(segment);
    this.words = segment.words;
    this.view = view;
    this.settings = settings;
    this.map = new AddressMap(map);
    this.hairpin = hairpin;
  }

  /** Other mappings from now on. */
  replace({ map, hairpin }: AddressFlowsInput): void {
    this.map = new AddressMap(map);
    this.hairpin = hairpin;
    for (let row = 0; row < QUOTED; row++) this.sessions.clear(row as SessionId);
  }

  takeCreated(): number {
    return 0;
  }

  findInside(packet: Packet): number {
    const id = this.row4(packet);
    const { sessions } = this;
    const isKnown =
      sessions.insideNear(id) === packet.near &&
      sessions.insideFar(id) === packet.far &&
      sessions.protocol(id) === kind(packet.protocol) &&
      sessions.state(id) === this.rule();
    if (!isKnown) return this.openInside(packet);
    sessions.setPorts(id, packet.ports);
    return id;
  }

  findOutside(packet: Packet): number {
    const id = this.row6(packet);
    const { sessions } = this;
    const at = sessions.outsideAt(id);
    const isKnown =
      sameAddress(this.words, at, this.view, packet.near) &&
      sameAddress(this.words, at + 4, this.view, packet.far) &&
      sessions.protocol(id) === kind(packet.protocol);
    if (!isKnown) return this.openOutside(packet);
    sessions.setPorts(id, packet.ports);
    return id;
  }

  openInside(packet: Packet): number {
    const { outside } = this.new;
    if (!this.map.toV6(packet.far, outside, 4)) return Refusal.Unmapped;
    if (!this.sourceToV6(packet.near, outside)) return REFUSED_SOURCE;
    return this.fill(this.row4(packet), packet.near, packet.far, packet, this.rule());
  }

  openOutside(packet: Packet): number {
    this.load(packet);
    const { outside } = this.new;
    const near = this.map.toV4(outside, 0);
    if (near === 0) return this.map.isZero(outside, 0) ? REFUSED_ADDRESS : Refusal.Unmapped;
    const far = this.map.toV4(outside, 4);
    if (far === 0) return this.map.isZero(outside, 4) ? REFUSED_ADDRESS : REFUSED_SOURCE;
    if (!ipv4.isRoutable(near) || !ipv4.isRoutable(far)) return REFUSED_ADDRESS;
    return this.fill(this.row6(packet), near, far, packet, this.turns(0) ? TURNS : 0);
  }

  track(): void {}

  carries(protocol: number): boolean {
    return v4ToV6.isTranslatable(protocol);
  }

  findFragment4(packet: Packet): number {
    return this.findInside(packet);
  }

  findFragment6(packet: Packet): number {
    return this.findOutside(packet);
  }

  rememberFragment4(): void {}

  rememberFragment6(): void {}

  /** Under the rules of hairpinning the quoted destination does without explicit mappings. */
  findQuoted4(quoted: Packet): number {
    const { outside } = this.new;
    const isWhole = this.sourceToV6(quoted.near, outside) && this.map.toV6(quoted.far, outside, 4);
    if (!isWhole || !this.isQuotable(quoted)) return REFUSED_QUOTE;
    return this.fill(QUOTED, quoted.near, quoted.far, quoted, 0);
  }

  findQuoted6(quoted: Packet): number {
    this.load(quoted);
    const near = this.map.toV4(this.new.outside, 0);
    const far = this.map.toV4(this.new.outside, 4);
    if (near === 0 || far === 0 || !this.isQuotable(quoted)) return REFUSED_QUOTE;
    return this.fill(QUOTED, near, far, quoted, this.turns(0) ? TURNS : 0);
  }

  writeErrorAddresses6(id: SessionId, error: Packet, quoted: Packet, to: number): boolean {
    const words = this.scratch;
    if (!this.map.toV6(error.far, words, 0)) return false;
    this.write(words, to + 16);
    const isRuled = this.rule() === TURNS && error.near === quoted.near;
    const isMapped = isRuled ? this.map.embedV4(error.near, words, 0) : this.map.toV6(error.near, words, 0);
    if (isMapped) this.write(words, to);
    else this.writeRouterSource(id, to);
    return true;
  }

  /** RFC 6791 §3; without an address of our own it is that of the host which the quoted packet was sent to. */
  private writeRouterSource(id: SessionId, to: number): void {
    const { errorSource6 } = this.settings;
    if (!ipv6.isUnspecified(errorSource6)) {
      this.write(errorSource6, to);
      return;
    }
    const dialled = this.sessions.outsideAt(id);
    for (let i = 0; i < 4; i++) this.view.setInt32(to + i * 4, this.words[dialled + i]!);
  }

  setErrorAddresses4(id: SessionId, error: Packet, _quoted: Packet, header: V4Header): boolean {
    this.load(error);
    header.destination = this.map.toV4(this.new.outside, 0);
    const source = this.map.toV4(this.new.outside, 4) || this.settings.errorSource4;
    header.source = source || this.sessions.insideFar(id); // as above
    return ipv4.isRoutable(header.destination) && ipv4.isRoutable(header.source);
  }

  learnPathMtu(): void {}

  isMember(): boolean {
    return false;
  }

  turnsBack(id: SessionId): boolean {
    return id >= FROM_6 && this.sessions.state(id) === TURNS;
  }

  /** Whether the rules of hairpinning hold for the IPv4 packet at hand. */
  private rule(): number {
    return this.turning || this.hairpin === 'simple' ? TURNS : 0;
  }

  private sourceToV6(near: number, outside: Int32Array): boolean {
    return this.rule() === TURNS ? this.map.embedV4(near, outside, 0) : this.map.toV6(near, outside, 0);
  }

  /** Intrinsic hairpinning: an address that came by the prefix stands for one that has an explicit mapping. */
  private turns(at: number): boolean {
    if (this.hairpin !== 'intrinsic') return false;
    const v4 = this.map.toV4ByPrefix(this.new.outside, at);
    return v4 !== 0 && this.map.hasExplicit(v4);
  }

  /** Headers that a translator passes on; an error is not quoted by another. */
  private isQuotable(quoted: Packet): boolean {
    return quoted.protocol === icmp.V4 || this.carries(quoted.protocol);
  }

  private fill(id: SessionId, near: number, far: number, packet: Packet, state: number): SessionId {
    const fresh = this.new;
    fresh.protocol = kind(packet.protocol);
    fresh.insideNear = near;
    fresh.insideFar = far;
    fresh.insidePorts = packet.ports;
    fresh.outsidePorts = packet.ports;
    fresh.state = state;
    setDeltas(fresh);
    this.sessions.put(id, fresh);
    return id;
  }

  /** Addresses of an IPv6 packet, near then far. */
  private load({ near, far }: Packet): void {
    const { outside } = this.new;
    for (let i = 0; i < 4; i++) {
      outside[i] = this.view.getInt32(near + i * 4);
      outside[i + 4] = this.view.getInt32(far + i * 4);
    }
  }

  private write(words: Int32Array, to: number): void {
    for (let i = 0; i < 4; i++) this.view.setInt32(to + i * 4, words[i]!);
  }

  private row4({ near, far }: Packet): SessionId {
    return (finish(mix(mix(0, near), far)) & (PAIRS - 1)) as SessionId;
  }

  private row6({ near, far }: Packet): SessionId {
    let hash = 0;
    for (let i = 0; i < 16; i += 4) {
      hash = mix(mix(hash, this.view.getInt32(near + i)), this.view.getInt32(far + i));
    }
    return (FROM_6 + (finish(hash) & (PAIRS - 1))) as SessionId;
  }
}

/** Checksum deltas are of two kinds: ICMP's, whose pseudo-header comes and goes, and the others'. */
function kind(protocol: number): number {
  return protocol === icmp.V4 ? icmp.V4 : tcp.PROTOCOL;
}
