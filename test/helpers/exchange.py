"""Packets put on a TUN device as if they were routed to it, and what the translator writes to it in return.

usage: exchange.py DEVICE POOL6 PCAP     POOL6: the RFC 6052 prefix, e.g. 2001:db8:64::/96; PCAP: all that came out

A line on standard input is a case, {"send": [EXPRESSION…], "get": [EXPRESSION…], "keep": whether PCAP gets what came};
the answer is a line {"got": [HEX…], "want": [HEX…]}. Expressions are scapy's, with the names below; those of `get` are
evaluated with what the translator chose: ID (the identification in the IPv4 header, never 0), INNER_ID (in
the header inside an ICMP error), ANY_ID; GOT is the list of what came.

Behind the packets of a case goes a marker, and when that comes out, whatever the case led to has come out before it.
"""
import json
import re
import select
import socket
import sys
import time

import exchange_storm
import exchange_words
from exchange_words import CHOSEN, M4, S4, UNKNOWN
from scapy.config import conf
from scapy.layers import inet, inet6, l2, sctp
from scapy.packet import Raw
from scapy.utils import PcapWriter

DEVICE, _, PCAP = sys.argv[1:4]
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
MARKER_PROTOCOL = 253  # for experimentation, RFC 3692
LIMIT_S = 3
MISSING_S = 0.3  # for packets that are late behind the marker
QUIET_S = 0.002

conf.verb = 0
NAMES = {**vars(l2), **vars(sctp), **vars(inet), **vars(inet6), **vars(exchange_words), **vars(exchange_storm)}


def packets(expressions, chosen=UNKNOWN):
    """Bytes of what the expressions yield, a packet or a list of them each."""
    CHOSEN.update(chosen)
    NAMES.update(chosen)
    found = []
    for text in expressions:
        value = eval(text, NAMES)  # written in the tests
        found += [bytes(one) for one in (value if isinstance(value, list) else [value])]
    return found


def choices(packet):
    """What the translator chose, to be expected; a zero where it must not be is not repeated."""
    if not packet or packet[0] >> 4 != 4:
        return UNKNOWN
    own = int.from_bytes(packet[4:6], "big")
    inner = int.from_bytes(packet[32:34], "big") if packet[9] == 1 else 0
    return {"ID": own or 1, "INNER_ID": inner, "ANY_ID": own}


class Device:
    def __init__(self):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.sock.bind((DEVICE, ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.pcap = PcapWriter(PCAP, linktype=101, sync=True)
        self.markers = 0

    def put(self, packet):
        self.sock.sendto(packet, (DEVICE, ETH_P_IPV6 if packet[0] >> 4 == 6 else ETH_P_IP))

    def next(self, seconds):
        """A packet that the translator wrote, or None when none comes in time."""
        if not select.select([self.sock], [], [], max(seconds, 0))[0]:
            return None
        return self.sock.recv(65535)

    def exchange(self, sent, at_least):
        """What comes out until the marker, and longer for what is expected and late."""
        for packet in sent:
            self.put(packet)
        self.markers += 1
        token = b"marker%d" % self.markers
        self.put(bytes(inet.IP(src=M4, dst=S4, proto=MARKER_PROTOCOL) / Raw(token)))
        got, end, marked = [], time.monotonic() + LIMIT_S, False
        while (packet := self.next(end - time.monotonic())) is not None:
            if packet[6] == MARKER_PROTOCOL and packet.endswith(token):
                marked = True
            else:
                got.append(packet)
            if marked:
                end = time.monotonic() + (QUIET_S if len(got) >= at_least else MISSING_S)
        if not marked:
            raise TimeoutError(f"no marker within {LIMIT_S} s, {len(got)} packets came")
        return got


def judge(device, case):
    NAMES["GOT"] = []
    expected = len(packets(case["get"]))
    got = device.exchange(packets(case["send"]), expected)
    for packet in got if case["keep"] else []:
        device.pcap.write(packet)
    return {"got": [packet.hex() for packet in got], "want": [packet.hex() for packet in wanted(case["get"], got, expected)]}


def wanted(expressions, got, expected):
    """What should have come, with the choices in what came."""
    NAMES["GOT"] = got
    if not any(re.search(r"ID\b|4\(", text) for text in expressions):
        return packets(expressions)
    found = []
    for i in range(max(expected, len(got))):
        found += packets(expressions, choices(got[i] if i < len(got) else b""))[i : i + 1]
    return found


def main():
    device = Device()
    print(json.dumps({"got": [], "want": []}), flush=True)  # ready
    for line in sys.stdin:
        try:
            answer = judge(device, json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
