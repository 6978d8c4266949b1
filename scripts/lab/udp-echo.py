"""UDP echo over IPv6 (RFC 862): every datagram goes back, from the address that it was sent to.

usage: udp-echo.py PORT
"""
import socket
import sys

sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
sock.bind(("::", int(sys.argv[1])))
while True:
    data, ancillary, _, peer = sock.recvmsg(65535, 64)
    # the same ancillary record names the source address on the way back; the interface is left to routing
    info = [(level, kind, record[:16] + bytes(4)) for level, kind, record in ancillary]
    try:
        sock.sendmsg([data], info, 0, peer)
    except OSError as error:  # e.g. EMSGSIZE once after a packet too big: the sender asks again
        print("udp-echo:", error, file=sys.stderr, flush=True)
