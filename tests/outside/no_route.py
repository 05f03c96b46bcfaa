"""Takes the way to some addresses away for a while, and gives it back: `no_route.py SECONDS ADDRESS…`.

Runs in the network of a container, with the standard library alone and the capability NET_ADMIN: what is sent to these
addresses is refused there, so that neither direction of a connection gets through.
"""

import fcntl
import socket
import struct
import sys
import time

_ADD, _DELETE = 0x890B, 0x890C  # SIOCADDRT and SIOCDELRT of Linux
_UP, _HOST, _REJECT = 0x0001, 0x0004, 0x0200


def _address(ip: str) -> bytes:
    return struct.pack("<HH4s8x", socket.AF_INET, 0, socket.inet_aton(ip))


def _change(how: int, ip: str) -> None:
    """Adds or deletes a route (`struct rtentry`) to one address, that leads nowhere."""
    places = (_address(ip), _address("0.0.0.0"), _address("255.255.255.255"))
    route = struct.pack("@L16s16s16shhLPhPLLH", 0, *places, _UP | _HOST | _REJECT, 0, 0, 0, 0, 0, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, how, route)


if __name__ == "__main__":
    for ip in sys.argv[2:]:
        _change(_ADD, ip)
    time.sleep(float(sys.argv[1]))
    for ip in sys.argv[2:]:
        _change(_DELETE, ip)
