"""A UDP datagram as fragments in a chosen order, made by scapy: the kernel would send them in order.

usage: fragments.py send4 ADDRESS PORT SIZE ORDER   sends an IPv4 datagram, prints "echoed" when it comes back
       fragments.py echo6 PORT ORDER                answers one datagram with IPv6 fragments, then ends
ORDER: indices of the fragments, e.g. 2,0,1
"""
import os
import socket
import sys

from scapy.config import conf
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw
from scapy.sendrecv import send

conf.verb = 0
SOURCE_PORT = 45454


def in_order(pieces, order):
    """The pieces as the order says; every piece must be in it."""
    indices = [int(index) for index in order.split(",")]
    assert sorted(indices) == list(range(len(pieces))), f"{len(pieces)} fragments, order {order}"
    return [pieces[index] for index in indices]


def send4(address, port, size, order):
    """From an ordinary socket's port, so that the kernel reassembles and delivers the answer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", SOURCE_PORT))
    sock.settimeout(5)
    data = os.urandom(int(size))
    whole = IP(dst=address, id=4242) / UDP(sport=SOURCE_PORT, dport=int(port)) / Raw(data)
    send(in_order(fragment(whole, fragsize=1400), order), inter=0.05)
    print("echoed" if sock.recv(65535) == data else "something else came")


def echo6(port, order):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    sock.bind(("::", int(port)))
    print("ready", flush=True)
    data, ancillary, _, peer = sock.recvmsg(65535, 64)
    source = socket.inet_ntop(socket.AF_INET6, ancillary[0][2][:16])
    whole = IPv6(src=source, dst=peer[0]) / IPv6ExtHdrFragment(id=0xBEEF1234)
    whole = whole / UDP(sport=int(port), dport=peer[1]) / Raw(data)
    send(in_order(fragment6(whole, 1280), order), inter=0.05)
    print("sent", flush=True)


{"send4": send4, "echo6": echo6}[sys.argv[1]](*sys.argv[2:])
