"""Many different packets at once, and what a stateless translator makes of them, worked out with scapy and ipaddress alone."""
import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from exchange_words import fill, p, pieces4, pieces6, tcp, udp
from scapy.layers import inet, inet6

#: Of the translator that is asked: mappings inside one another, and the hosts that the rest of the tests know.
STORM_MAP = [
    ("10.0.0.0/16", "2001:db8:cafe::/112"),
    ("10.0.1.0/24", "2001:db8:1234::100/120"),
    ("10.0.1.6/32", "2001:db8:5678::106/128"),
    ("192.0.2.7/32", "2001:db8:6::7/128"),
    ("192.0.2.8/32", "2001:db8:6::8/128"),
]


def by_map(v4):
    """The IPv6 address that stands for an IPv4 one: of the longest prefix that has it, else by the prefix of all."""
    address = IPv4Address(v4)
    fitting = [pair for pair in STORM_MAP if address in IPv4Network(pair[0])]
    if not fitting:
        return p(v4)
    net4, net6 = max(fitting, key=lambda pair: IPv4Network(pair[0]).prefixlen)
    suffix = int(address) - int(IPv4Network(net4).network_address)
    return str(IPv6Address(int(IPv6Network(net6).network_address) + suffix))


def outside(rng):
    net = IPv4Network(rng.choice(STORM_MAP)[0])
    return str(net[rng.randrange(net.num_addresses)])


def inside(rng):
    return rng.choice(["203.0.113.5", "9.8.7.6", "172.16.200.200"])  # few, so that pairs share an end


def payload(rng, is6):
    """A transport header with its data, and the protocol number of what scapy does not number itself."""
    size = rng.choice([0, 1, 7, 8, 100, 501, rng.randrange(1200), rng.randrange(1400)])
    ports = {"sport": rng.randrange(1, 65536), "dport": rng.choice([80, 443, 40001])}
    kind = rng.choice(["tcp", "udp", "echo", "other"])
    if kind == "tcp":
        return tcp(size, **ports), None
    if kind == "udp":
        return udp(size, **ports), None
    if kind == "other":
        return fill(size), rng.choice([47, 132, 253])
    ident = {"id": rng.randrange(65536), "seq": rng.randrange(65536)}
    if is6:
        return inet6.ICMPv6EchoRequest(**ident, data=bytes(fill(size))), None
    return inet.ICMP(type=8, **ident) / fill(size), None


def both(seed, is6):
    """The payload once for IPv4 and once for IPv6: scapy fills in checksums that differ."""
    return payload(random.Random(seed), is6)


def one(seed, got):
    """[packets in, packets out] of one case. got: what came out from here on, for its identifications."""
    rng = random.Random(seed)
    near, far = inside(rng), outside(rng)
    hops, tos, ident = rng.randrange(2, 256), rng.randrange(256), rng.randrange(65536)
    (upper4, proto), (upper6, _) = both(seed, False), both(seed, True)
    more4, more6 = ({}, {}) if proto is None else ({"proto": proto}, {"nh": proto})
    if rng.random() < 0.5:
        df = rng.random() < 0.5
        packet = inet.IP(src=near, dst=far, ttl=hops, tos=tos, id=ident, flags="DF" if df else 0, **more4) / upper4
        result = inet6.IPv6(src=p(near), dst=by_map(far), hlim=hops - 1, tc=tos, **more6) / upper6
        size = len(result) - 40
        if len(result) <= 1280 or df:
            return [packet], [result]
        return [packet], pieces6(result, [1232] * (size // 1232) + [size % 1232], ident)
    packet = inet6.IPv6(src=by_map(far), dst=p(near), hlim=hops, tc=tos, fl=rng.randrange(1 << 20), **more6) / upper6
    size = len(packet) - 20
    chosen = int.from_bytes(got[0][4:6], "big") if got else 0
    flags = "DF" if size > 1260 else 0
    result = inet.IP(src=far, dst=near, ttl=hops - 1, tos=tos, id=chosen, flags=flags, **more4) / upper4
    if upper6.haslayer(inet6.ICMPv6EchoRequest) or size < 100:
        return [packet], [result]
    if rng.random() < 0.3:  # as two fragments
        cut = rng.randrange(40, size - 20, 8)
        fragments = pieces6(packet, [cut, size - 20 - cut], ident | 0x10000)
        return fragments, pieces4(at_id(result, ident), [cut, size - 20 - cut])
    return [packet], [result]


def at_id(packet, ident):
    """The same with another identification and DF=0."""
    packet[inet.IP].id, packet[inet.IP].flags = ident, 0
    return packet


def storm(seed, count):
    """Packets of all kinds, addresses and directions, in one burst."""
    return [packet for i in range(count) for packet in one(f"{seed} {i}", [])[0]]


def after_storm(seed, count, got):
    found = []
    for i in range(count):
        found += one(f"{seed} {i}", got[len(found) :])[1]
    return found
