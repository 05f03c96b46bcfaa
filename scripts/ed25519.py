"""The public key of an Ed25519 private key (RFC 8032, section 5.1.5), before anything is installed.

It signs nothing and checks nothing, and takes no care to hide how long it takes: it runs once, where the key is made.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_D = -121665 * pow(121666, _P - 2, _P) % _P
# The curve's base point: y is 4/5, and of the two x the even one.
_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


def public_key(seed: bytes) -> bytes:
    """The 32 bytes of the public key that belongs to a private one of 32 bytes.

    Raises:
        ValueError: the seed has another length.
    """
    if len(seed) != 32:
        raise ValueError("an Ed25519 key has 32 bytes")
    digest = bytearray(hashlib.sha512(seed).digest()[:32])
    digest[0] &= 0b11111000
    digest[31] = digest[31] & 0b01111111 | 0b01000000
    x, y = _times(int.from_bytes(digest, "little"))
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _times(factor: int) -> tuple[int, int]:
    """The base point added to itself so many times."""
    result, doubled = (0, 1), _BASE
    while factor:
        if factor & 1:
            result = _sum(result, doubled)
        doubled = _sum(doubled, doubled)
        factor >>= 1
    return result


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The sum of two points of the curve."""
    product = _D * one[0] * other[0] * one[1] * other[1]
    x = (one[0] * other[1] + one[1] * other[0]) * pow(1 + product, _P - 2, _P)
    y = (one[1] * other[1] + one[0] * other[0]) * pow(1 - product, _P - 2, _P)
    return x % _P, y % _P
