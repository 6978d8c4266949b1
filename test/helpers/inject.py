"""Puts broken packets on a TUN device, as if they were routed to it.

usage: inject.py DEVICE malformed|random COUNT
"""
import os
import random
import socket
import struct
import sys

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD


def ipv4(version_ihl=0x45, total=None, checksum=None, payload=b"\0" * 20):
    """An IPv4 header towards the NAT46 subnet, right but for what is given."""
    length = 20 + len(payload) if total is None else total
    header = struct.pack("!BBHHHBBH4s4s", version_ihl, 0, length, 1, 0x4000, 64, 6, 0,
                         socket.inet_aton("10.244.10.11"), socket.inet_aton("10.244.50.9"))
    words = sum(struct.unpack("!10H", header))
    while words >> 16:
        words = (words >> 16) + (words & 0xFFFF)
    return header[:10] + struct.pack("!H", ~words & 0xFFFF if checksum is None else checksum) + header[12:] + payload


MALFORMED = [
    ipv4(version_ihl=0x44),  # a header of 16 bytes
    ipv4(version_ihl=0x4F),  # a header longer than the packet
    ipv4(total=2000),  # longer than what came
    ipv4(total=10),  # shorter than its header
    ipv4(checksum=0x1234),
]


def random_packet():
    """Any bytes; half of them look like IPv4 or IPv6 at first sight."""
    data = bytearray(os.urandom(random.randint(20, 200)))
    if random.random() < 0.5:
        data[0] = random.choice([0x45, 0x46, 0x60])
    if data[0] >> 4 == 4 and random.random() < 0.5:
        data[16:20] = socket.inet_aton("10.244.50.9")
    return bytes(data)


device, what, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
for i in range(count):
    packet = MALFORMED[i % len(MALFORMED)] if what == "malformed" else random_packet()
    protocol = ETH_P_IPV6 if packet[0] >> 4 == 6 else ETH_P_IP
    try:
        sock.sendto(packet, (device, protocol))
    except OSError:  # the queue of the device is full: as good as lost
        pass
