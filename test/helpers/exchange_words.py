"""Names for the expressions of exchange.py: addresses of the world, and packets in few words, made by scapy."""
import ipaddress
import struct
import sys

from scapy.layers import inet, inet6
from scapy.packet import Raw
from scapy.utils import checksum

POOL6 = sys.argv[2]  # of the command line of exchange.py
UNKNOWN = {"ID": 0, "INNER_ID": 0, "ANY_ID": 0}
CHOSEN = dict(UNKNOWN)  # by the translator, in the packet at hand

C4, R4 = "198.51.100.2", "198.51.100.9"  # inside: the client, a router
S4, S6 = "192.0.2.7", "2001:db8:6::7"  # outside: the server, by a map
M4 = "192.0.2.8"  # sends the markers, by a map
X6 = "2001:db8:ffff::5"  # a router that no IPv4 address stands for
OWN4, OWN6 = "192.0.2.1", "2001:db8:46::1"
ERR4, ERR6 = "203.0.113.8", "2001:db8:6791::8"  # of errors, RFC 6791


def p(v4, prefix=POOL6):
    """The IPv6 address that stands for an IPv4 address, RFC 6052 §2.2: bits 64 to 71 stay zero."""
    network = ipaddress.IPv6Network(prefix)
    address = bytearray(network.network_address.packed)
    at = network.prefixlen // 8
    for byte in ipaddress.IPv4Address(v4).packed:
        at += at == 8
        address[at] = byte
        at += 1
    return str(ipaddress.IPv6Address(bytes(address)))


C6, R6 = p(C4), p(R4)


def fill(size):
    return Raw(bytes(i * 7 & 0xFF for i in range(size)))


def udp(size, **fields):
    return inet.UDP(**{"sport": 40000, "dport": 40001, **fields}) / fill(size)


def tcp(size, **fields):
    return inet.TCP(**{"sport": 40000, "dport": 40001, "seq": 1, "ack": 2, "flags": "PA", **fields}) / fill(size)


def to4(**fields):
    """From the client to the server, as the client sends it; to6: as it comes out."""
    return inet.IP(**{"src": C4, "dst": S4, "ttl": 64, "id": 0x1234, "flags": "DF", **fields})


def to6(**fields):
    return inet6.IPv6(**{"src": C6, "dst": S6, "hlim": 63, **fields})


def from6(**fields):
    """From the server to the client; from4: as it comes out."""
    return inet6.IPv6(**{"src": S6, "dst": C6, "hlim": 64, **fields})


def from4(**fields):
    return inet.IP(**{"src": S4, "dst": C4, "ttl": 63, "id": CHOSEN["ID"], **fields})


def back4(size=8, **fields):
    """A datagram of the server as a router inside quotes it; back6: as the server sent it."""
    return inet.IP(**{"src": S4, "dst": C4, "ttl": 60, "id": 77, "flags": "DF", **fields}) / udp(size)


def back6(size=8, **fields):
    return inet6.IPv6(**{"src": S6, "dst": C6, "hlim": 60, **fields}) / udp(size)


def forth6(size=8, **fields):
    """A datagram of the client as a router outside quotes it; forth4: as the client sent it."""
    return inet6.IPv6(**{"src": C6, "dst": S6, "hlim": 60, **fields}) / udp(size)


def forth4(size=8, **fields):
    flags = "DF" if size + 28 > 1260 else 0
    return inet.IP(**{"src": C4, "dst": S4, "ttl": 60, "id": CHOSEN["INNER_ID"], "flags": flags, **fields}) / udp(size)


def icmp4(kind, code, body, rest=0, **fields):
    """An ICMPv4 message. rest: the second word, as a number."""
    head = struct.pack("!BBHI", kind, code, 0, rest)
    message = head[:2] + struct.pack("!H", checksum(head + bytes(body))) + head[4:] + bytes(body)
    return inet.IP(**{"proto": 1, "flags": 0, **fields}) / Raw(message)


def icmp6(kind, code, body, rest=0, **fields):
    return inet6.IPv6(**fields) / inet6.ICMPv6Unknown(type=kind, code=code, msgbody=struct.pack("!I", rest) + bytes(body))


def cut(packet, size):
    return Raw(bytes(packet)[:size])


def padded(packet, size):
    return Raw(bytes(packet).ljust(size, b"\0"))


def extension(size):
    """An extension structure with one object of a private class, RFC 4884 §7 and §8."""
    body = struct.pack("!HBB", size - 4, 247, 1) + bytes(fill(size - 8))
    return struct.pack("!BBH", 0x20, 0, checksum(b"\x20\0\0\0" + body)) + body


def joined(*parts):
    return Raw(b"".join(bytes(part) for part in parts))


def skewed(packet, at):
    """The checksum of 16 bits at an offset made wrong, always by the same amount."""
    whole = bytearray(bytes(packet))
    total = int.from_bytes(whole[at : at + 2], "big") + 0x0101
    whole[at : at + 2] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
    return Raw(bytes(whole))


def zero_sum(header, sport, dport):
    """Two bytes of payload that make the checksum of a UDP datagram of 10 bytes come out as 0."""
    at = len(bytes(header)) - (32 if header.version == 6 else 8)
    addresses = bytes(header)[at:]
    return Raw(struct.pack("!H", checksum(addresses + struct.pack("!HHHHH", 17, 10, sport, dport, 10))))


def pieces4(packet, sizes, df=False):
    """An IPv4 packet as fragments with these payload sizes."""
    whole = bytes(packet)
    fragments, at = [], 0
    for size in sizes:
        header = inet.IP(whole[:20])
        header.len = header.chksum = None
        header.flags = ("DF+" if df else "") + "MF" if at + size < len(whole) - 20 else "DF" if df else 0
        header.frag = at // 8
        fragments.append(header / Raw(whole[20 + at : 20 + at + size]))
        at += size
    return fragments


def pieces6(packet, sizes, id):
    """An IPv6 packet without extension headers as fragments with these payload sizes."""
    whole = bytes(packet)
    fragments, at = [], 0
    for size in sizes:
        more = int(at + size < len(whole) - 40)
        header = inet6.IPv6(whole[:40])
        header.plen, header.nh = None, 44
        fragment = inet6.IPv6ExtHdrFragment(nh=whole[6], offset=at // 8, m=more, id=id)
        fragments.append(header / fragment / Raw(whole[40 + at : 40 + at + size]))
        at += size
    return fragments
