"""Sends random datagrams to a UDP echo and checks what comes back.

usage: udp-probe.py ADDRESS PORT SIZE [--df] [--bind PORT] [--count N] [--tries N]
Prints one JSON line: {"ok": datagrams echoed, "tries": sends of the last one, "mtu": path MTU learnt (with --df)}
"""
import argparse
import errno
import json
import os
import socket
import sys

IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_MTU = 10, 0, 2, 14

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("port", type=int)
parser.add_argument("size", type=int)
parser.add_argument("--df", action="store_true")
parser.add_argument("--bind", type=int, default=0)
parser.add_argument("--count", type=int, default=1)
parser.add_argument("--tries", type=int, default=6)
args = parser.parse_args()

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO if args.df else IP_PMTUDISC_DONT)
sock.bind(("0.0.0.0", args.bind))
sock.connect((args.address, args.port))
sock.settimeout(0.5)


def echoed(size):
    """One send and one answer: True, False when nothing came, None when the path MTU is smaller."""
    data = os.urandom(size)
    try:
        sock.send(data)
        return sock.recv(65535) == data
    except TimeoutError:
        return False
    except OSError as error:
        if error.errno == errno.EMSGSIZE:
            return None
        raise


ok, tries = 0, 0
for _ in range(args.count):
    for tries in range(1, args.tries + 1):
        result = echoed(args.size)
        if result is None:
            break
        if result:
            ok += 1
            break
mtu = sock.getsockopt(socket.IPPROTO_IP, IP_MTU) if args.df else None
print(json.dumps({"ok": ok, "tries": tries, "mtu": mtu}))
sys.exit(0 if ok == args.count else 1)
