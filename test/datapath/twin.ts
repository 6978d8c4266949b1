/**
 * The slow, obvious twin of the translator: RFC 7915 for one packet at a time, with objects, arrays, Maps and checksums
 * summed from scratch. It shares no code with the sources. It knows well-formed TCP, UDP and ICMP echo; ICMP errors have
 * vectors of their own.
 */
import { concat, fragmentHeader, icmp, type Pair, u16, u32, v4, v6, virtio } from '../helpers/packets.ts';
import * as parse from './twin-parse.ts';
import { first, segments } from './twin-segments.ts';
import * as upper from './twin-upper.ts';

export interface TwinWorld {
  mtu4: number;
  mtu6: number;
  lowestIpv6Mtu: number;
  self4: Uint8Array;
  snat: Uint8Array;
  /** Synthetic v4 and real v6. */
  mappings: readonly (readonly [Uint8Array, Uint8Array])[];
  /** Inside address and port, and the port on the SNAT address. */
  bindings: readonly { protocol: number; address: Uint8Array; inside: number; outside: number }[];
}

export interface TwinOutcome {
  verdict: string;
  outputs: { packet: Uint8Array; virtio: Uint8Array }[];
}

interface Session {
  client: Uint8Array;
  synthetic: Uint8Array;
  real: Uint8Array;
  inside: number;
  outside: number;
}

const PLAIN = virtio({});
const FRAGMENTED = 0x2c;

export class Twin {
  readonly #world: TwinWorld;
  /** Both tuples of each session. */
  readonly #sessions = new Map<string, Session>();
  readonly #fragments = new Map<string, Session>();
  /** Of the packet at hand. */
  #device = parse.parseVirtio(PLAIN);

  constructor(world: TwinWorld) {
    this.#world = world;
  }

  translate(packet: Uint8Array, header: Uint8Array): TwinOutcome {
    const device = parse.parseVirtio(header);
    this.#device = device;
    return packet[0]! >> 4 === 4 ? this.#to6(parse.parse4(packet), device) : this.#to4(packet, device);
  }

  // ── IPv4 to IPv6, RFC 7915 §4 ──

  #to6(packet: parse.Packet4, device: parse.Virtio): TwinOutcome {
    if (packet.ttl <= 1) return this.#error4('DropTtl', packet, 0x0b00, 0);
    if (parse.hasSourceRoute(packet.options)) return this.#error4('DropSourceRoute', packet, 0x0305, 0);
    if (isFragment4(packet) && packet.protocol === 1) return drop('DropIcmpFragment');
    const session = packet.offset > 0 ? this.#follow4(packet) : this.#open4(packet, device);
    if (session === 'DropUdpNoChecksum') return this.#error4(session, packet, 0x030d, 0);
    return typeof session === 'string' ? drop(session) : this.#pass6(packet, session, device);
  }

  /** The session is known: does it fit, and what does it become? */
  #pass6(packet: parse.Packet4, session: Session, device: parse.Virtio): TwinOutcome {
    const { mtu6, lowestIpv6Mtu } = this.#world;
    const size = 40 + (isFragment4(packet) ? 8 : 0) + packet.payload.length;
    const limit = packet.df ? mtu6 : Math.min(mtu6, lowestIpv6Mtu);
    const segment = segment6(packet, device, limit);
    const fits = device.segment > 0 ? segment > 0 : size <= limit;
    if (!fits && (packet.df || device.segment > 0)) return this.#refuse6(packet, size, device);
    if (packet.mf && packet.offset === 0) this.#fragments.set(fragmentKey4(packet), session);
    const payload = packet.offset > 0 ? packet.payload : this.#upper6(packet, session, device);
    const pair = { source: this.#world.snat, destination: session.real };
    if (!fits) return forward('Forward46', this.#pieces(packet, pair, payload, device));
    const grown = 20 - packet.options.length;
    const outDevice = packet.protocol === 1 ? PLAIN : upper.moved(device, grown, segment, 4);
    return forward('Forward46', [{ packet: whole6(packet, pair, payload), virtio: outDevice }]);
  }

  #refuse6(packet: parse.Packet4, size: number, device: parse.Virtio): TwinOutcome {
    const { mtu6 } = this.#world;
    if (!packet.df && device.gsoType === 5) return this.#oneByOne(packet.whole, device);
    const isOnlyItsHeader = device.segment === 0 && isFragment4(packet) && size - 8 <= mtu6;
    return this.#error4('DropTooBig', packet, 0x0304, mtu6 - 20 - (isOnlyItsHeader ? 8 : 0));
  }

  #oneByOne(whole: Uint8Array, device: parse.Virtio): TwinOutcome {
    const outcomes = segments(whole, device).map(({ packet, virtio: header }) =>
      this.translate(packet, header),
    );
    return forward(
      'Forward46',
      outcomes.flatMap(({ outputs }) => outputs),
    );
  }

  #follow4(packet: parse.Packet4): Session | string {
    return this.#fragments.get(fragmentKey4(packet)) ?? 'Hold';
  }

  #open4(packet: parse.Packet4, device: parse.Virtio): Session | string {
    const { payload, protocol, source, destination } = packet;
    if (protocol === 1) return this.#openEcho4(packet);
    if (!parse.isWhole(payload, protocol)) return 'DropMalformed';
    const noChecksum = protocol === 17 && !device.needsChecksum && parse.word(payload, 6) === 0;
    if (noChecksum && isFragment4(packet)) return 'DropUdpNoChecksum';
    const ports = parse.ports(payload);
    const known = this.#sessions.get(
      parse.key(protocol, source, ports.source, destination, ports.destination),
    );
    if (known) return known;
    if (protocol === 6 && !opens(payload[13]!)) return 'DropTcpNoSession';
    return this.#make(protocol, source, destination, ports);
  }

  #openEcho4(packet: parse.Packet4): Session | string {
    const id = parse.word(packet.payload, 4);
    const known = this.#sessions.get(parse.key(1, packet.source, id, packet.destination, 0));
    if (known) return known;
    if (packet.payload[0] === 0) return 'DropNoSession';
    return this.#make(1, packet.source, packet.destination, { source: id, destination: 0 });
  }

  #make(protocol: number, client: Uint8Array, synthetic: Uint8Array, ports: parse.Ports): Session | string {
    const mapping = this.#world.mappings.find(([address]) => same(address, synthetic));
    if (!mapping) return 'Punt';
    const binding = this.#world.bindings.find(
      (row) => row.protocol === protocol && same(row.address, client) && row.inside === ports.source,
    );
    const outside = binding!.outside;
    const session = { client, synthetic, real: mapping[1], inside: ports.source, outside };
    this.#sessions.set(parse.key(protocol, client, ports.source, synthetic, ports.destination), session);
    this.#sessions.set(parse.key(protocol, mapping[1], ports.destination, outside), session);
    return session;
  }

  #upper6(packet: parse.Packet4, session: Session, device: parse.Virtio): Uint8Array {
    const from = { source: packet.source, destination: packet.destination };
    const to = { source: this.#world.snat, destination: session.real };
    if (packet.protocol === 1) {
      const type = packet.payload[0] === 8 ? 128 : 129;
      return upper.echo(packet.payload, { from, to, type, id: session.outside }, device);
    }
    const ports = { source: session.outside, destination: parse.word(packet.payload, 2) };
    const change = { from, to, ports, mss: this.#mssLimit() };
    return upper.retarget(packet.payload, packet.protocol, change, device, isFragment4(packet));
  }

  #pieces(packet: parse.Packet4, pair: Pair, made: Uint8Array, device: parse.Virtio): TwinOutcome['outputs'] {
    const payload = packet.protocol === 1 ? made : upper.complete(made, device);
    const limit = Math.min(this.#world.mtu6, this.#world.lowestIpv6Mtu);
    const step = Math.floor((limit - 48) / 8) * 8;
    const next = packet.protocol === 1 ? 58 : packet.protocol;
    const outputs: TwinOutcome['outputs'] = [];
    for (let at = 0; at < payload.length; at += step) {
      const more = at + step < payload.length || packet.mf;
      const fragment = fragmentHeader(next, packet.offset + at, more, packet.id);
      const header = { ...pair, trafficClass: packet.tos, hops: packet.ttl - 1, next: FRAGMENTED };
      outputs.push({ packet: v6(header, concat(fragment, payload.slice(at, at + step))), virtio: PLAIN });
    }
    return outputs;
  }

  #error4(verdict: string, packet: parse.Packet4, typeCode: number, mtu: number): TwinOutcome {
    const isAnswered = packet.offset === 0 && (packet.protocol !== 1 || packet.payload[0] === 8);
    if (!isAnswered) return drop(verdict);
    const pair = { source: this.#world.self4, destination: packet.source };
    const message = icmp(pair, typeCode, u16(0, mtu), first(packet.whole, this.#device).slice(0, 548));
    return { verdict, outputs: [{ packet: v4({ ...pair, protocol: 1 }, message), virtio: PLAIN }] };
  }

  // ── IPv6 to IPv4, RFC 7915 §5 ──

  #to4(received: Uint8Array, device: parse.Virtio): TwinOutcome {
    const packet = parse.parse6(received);
    if (packet === null) return drop('DropMalformed');
    if (packet.hops <= 1) return this.#error6('DropTtl', packet, 0x0300, 0);
    if (packet.segmentsLeftAt !== null) {
      return this.#error6('DropRoutingHeader', packet, 0x0400, packet.segmentsLeftAt);
    }
    if (isFragment6(packet) && packet.next === 58) return drop('DropIcmpFragment');
    const session = isLater(packet) ? this.#follow6(packet) : this.#open6(packet, device);
    if (session === 'Reply') return forward('Reply', [this.#pong(packet, device)]);
    if (typeof session === 'string') return drop(session);
    const wire = this.#wire4(packet, device);
    if (wire === null)
      return this.#error6('DropTooBig', packet, 0x0200, Math.max(1280, this.#world.mtu4 + 20));
    if (packet.fragment?.more && !isLater(packet)) this.#fragments.set(fragmentKey6(packet), session);
    const payload = isLater(packet) ? packet.payload : this.#upper4(packet, session, device);
    const grown = 20 - (packet.whole.length - packet.payload.length);
    const outDevice = packet.next === 58 ? PLAIN : upper.moved(device, grown, wire.segment, 1);
    return forward('Forward64', [
      { packet: whole4(packet, session, wire.length, payload), virtio: outDevice },
    ]);
  }

  #follow6(packet: parse.Packet6): Session | string {
    const isMapped = this.#world.mappings.some(([, real]) => same(real, packet.source));
    return this.#fragments.get(fragmentKey6(packet)) ?? (isMapped ? 'Hold' : 'DropSenderUnmapped');
  }

  #open6(packet: parse.Packet6, device: parse.Virtio): Session | string {
    const { payload, next, source } = packet;
    if (next === 58) {
      const known = this.#sessions.get(parse.key(1, source, 0, parse.word(payload, 4)));
      return known ?? (payload[0] === 128 ? 'Reply' : 'DropNoSession');
    }
    if (!parse.isWhole(payload, next)) return 'DropMalformed';
    if (next === 17 && !device.needsChecksum && parse.word(payload, 6) === 0) return 'DropUdpNoChecksum';
    const ports = parse.ports(payload);
    const known = this.#sessions.get(parse.key(next, source, ports.source, ports.destination));
    if (known) return known;
    if (next === 6 && !opens(payload[13]!)) return 'DropTcpNoSession';
    const { bindings, mappings } = this.#world;
    const binding = bindings.find((row) => row.protocol === next && row.outside === ports.destination);
    if (!binding) return 'DropNoSession';
    const mapping = mappings.find(([, real]) => same(real, source));
    if (!mapping) return 'DropSenderUnmapped';
    const outward = { source: binding.inside, destination: ports.source };
    return this.#make(next, binding.address, mapping[0], outward);
  }

  /** Size on the wire and payload of a segment; null when it does not fit. */
  #wire4(packet: parse.Packet6, device: parse.Virtio): { length: number; segment: number } | null {
    const { mtu4 } = this.#world;
    const total = 20 + packet.payload.length;
    if (device.segment === 0) return total <= Math.max(mtu4, 1260) ? { length: total, segment: 0 } : null;
    const header = 20 + (device.gsoType === 5 ? 8 : parse.tcpHeader(packet.payload));
    const length = Math.min(total, header + device.segment);
    if (total > 65535) return null;
    if (length <= mtu4) return { length, segment: device.segment };
    if (device.gsoType === 5) return length <= 1260 ? { length, segment: device.segment } : null;
    return { length: mtu4, segment: mtu4 - header };
  }

  #upper4(packet: parse.Packet6, session: Session, device: parse.Virtio): Uint8Array {
    const from = { source: packet.source, destination: packet.destination };
    const to = { source: session.synthetic, destination: session.client };
    if (packet.next === 58) {
      const type = packet.payload[0] === 128 ? 8 : 0;
      return upper.echo(packet.payload, { from, to, type, id: session.inside }, device);
    }
    const ports = { source: parse.word(packet.payload, 0), destination: session.inside };
    const change = { from, to, ports, mss: this.#mssLimit() };
    return upper.retarget(packet.payload, packet.next, change, device, isFragment6(packet));
  }

  #pong(packet: parse.Packet6, device: parse.Virtio): TwinOutcome['outputs'][number] {
    const pair = { source: packet.destination, destination: packet.source };
    const from = { source: packet.source, destination: packet.destination };
    const id = parse.word(packet.payload, 4);
    const message = upper.echo(packet.payload, { from, to: pair, type: 129, id }, device);
    return { packet: v6({ ...pair, trafficClass: packet.trafficClass, next: 58 }, message), virtio: PLAIN };
  }

  #error6(verdict: string, packet: parse.Packet6, typeCode: number, rest: number): TwinOutcome {
    if (isLater(packet) || (packet.next === 58 && packet.payload[0] !== 128)) return drop(verdict);
    const pair = { source: packet.destination, destination: packet.source };
    const message = icmp(pair, typeCode, u32(rest), first(packet.whole, this.#device).slice(0, 1232));
    return { verdict, outputs: [{ packet: v6({ ...pair, next: 58 }, message), virtio: PLAIN }] };
  }

  #mssLimit(): number {
    return Math.min(this.#world.mtu6 - 60, this.#world.mtu4 - 40);
  }
}

/** RFC 6146 §3.5.2: a SYN that resets nothing. */
function opens(flags: number): boolean {
  return (flags & 2) !== 0 && (flags & 4) === 0;
}

function drop(verdict: string): TwinOutcome {
  return { verdict, outputs: [] };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return parse.key(a) === parse.key(b);
}

function fragmentKey4(packet: parse.Packet4): string {
  return parse.key(4, packet.source, packet.destination, packet.protocol, packet.id);
}

function fragmentKey6(packet: parse.Packet6): string {
  return parse.key(6, packet.source, packet.destination, packet.fragment!.id);
}

function forward(verdict: string, outputs: TwinOutcome['outputs']): TwinOutcome {
  return { verdict, outputs };
}

function isFragment4(packet: parse.Packet4): boolean {
  return packet.mf || packet.offset > 0;
}

/** An atomic fragment is none. */
function isFragment6(packet: parse.Packet6): boolean {
  return packet.fragment?.more === true || isLater(packet);
}

/** A fragment, but not the first. */
function isLater(packet: parse.Packet6): boolean {
  return packet.fragment !== null && packet.fragment.offset > 0;
}

/** Payload bytes of a segment, lowered if need be; 0 when it cannot be, or when there are none. */
function segment6(packet: parse.Packet4, device: parse.Virtio, limit: number): number {
  if (device.segment === 0) return 0;
  const header = device.gsoType === 5 ? 8 : parse.tcpHeader(packet.payload);
  const room = limit - 40 - header;
  if (device.segment <= room) return device.segment;
  return device.gsoType === 5 ? 0 : room;
}

function whole6(packet: parse.Packet4, pair: Pair, payload: Uint8Array): Uint8Array {
  const header = { ...pair, trafficClass: packet.tos, hops: packet.ttl - 1 };
  const next = packet.protocol === 1 ? 58 : packet.protocol;
  if (!isFragment4(packet)) return v6({ ...header, next }, payload);
  const fragment = fragmentHeader(next, packet.offset, packet.mf, packet.id);
  return v6({ ...header, next: FRAGMENTED }, concat(fragment, payload));
}

/** @param length on the wire, of a segment if there are many */
function whole4(packet: parse.Packet6, session: Session, length: number, payload: Uint8Array): Uint8Array {
  const header = {
    source: session.synthetic,
    destination: session.client,
    protocol: packet.next === 58 ? 1 : packet.next,
    tos: packet.trafficClass,
    ttl: packet.hops - 1,
  };
  const { fragment } = packet;
  if (!fragment) return v4({ ...header, df: length > 1260 }, payload);
  return v4({ ...header, id: fragment.id & 0xffff, mf: fragment.more, offset: fragment.offset }, payload);
}
