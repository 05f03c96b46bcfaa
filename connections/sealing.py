"""What a passphrase closes: a stream in chunks that are each proven, in this order and to the end (AES-256-GCM).

A sealed stream is MAGIC, a salt, a number of its own and a check of 16 bytes each, then chunks of 64 KiB of text, the
last one shorter or empty, each with its tag of 16. scrypt (N 2^16, r 8, p 1) makes 64 bytes of passphrase and salt; its
HMAC of the stream's number is the key, that of the word "check" proves the passphrase. A chunk's nonce is its place and
whether it is the last; all that comes before the chunks is proven with each. So another passphrase, a cut, a swap, a
changed byte and something appended are each found.

`python -m connections.sealing seal | open` does it to standard input, whose first line is the passphrase.
"""

import hmac
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import IO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"readmission sealed 1\n"
CHUNK = 1 << 16
_TAG, _FIELD = 16, 16
_HEAD = len(MAGIC) + 3 * _FIELD


class SealError(ValueError):
    """A stream does not open; the message is a clause that says why."""


@cache
def _salt() -> bytes:
    """One for a process: what a passphrase becomes takes a moment, and streams have numbers of their own."""
    return os.urandom(_FIELD)


@lru_cache(maxsize=8)
def _master(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=64, n=1 << 16, r=8, p=1).derive(passphrase.encode())


def _cipher(master: bytes, number: bytes) -> AESGCM:
    return AESGCM(hmac.digest(master, number, "sha256"))


def _check(master: bytes) -> bytes:
    return hmac.digest(master, b"check", "sha256")[:_FIELD]


def _nonce(place: int, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([is_last])


class _Sealing(io.RawIOBase):
    """Takes what is to be sealed; the last chunk is written when it is closed, and only if nothing failed."""

    def __init__(self, out: IO[bytes], passphrase: str) -> None:
        super().__init__()
        master, number = _master(passphrase, _salt()), os.urandom(_FIELD)
        self._cipher = _cipher(master, number)
        self._head, self._out = MAGIC + _salt() + number + _check(master), out
        self._waiting, self._place = bytearray(), 0
        out.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(memoryview(data))  # type: ignore[arg-type]
        self._waiting += taken
        while len(self._waiting) >= CHUNK:
            self._chunk(CHUNK, is_last=False)
        return len(taken)

    def end(self) -> None:
        self._chunk(len(self._waiting), is_last=True)
        self._out.flush()

    def _chunk(self, size: int, is_last: bool) -> None:
        text = bytes(self._waiting[:size])
        del self._waiting[:size]
        self._out.write(self._cipher.encrypt(_nonce(self._place, is_last), text, self._head))
        self._place += 1


class _Opened(io.RawIOBase):
    """Gives what was sealed, each chunk after it was proven."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        super().__init__()
        self._head = _exactly(source, _HEAD)
        if len(self._head) < _HEAD or not self._head.startswith(MAGIC):
            raise SealError("it is no sealed file, or its beginning is damaged")
        salt, number, check = (self._head[at : at + _FIELD] for at in range(len(MAGIC), _HEAD, _FIELD))
        master = _master(passphrase, salt)
        if not hmac.compare_digest(check, _check(master)):
            raise SealError("the passphrase is not the one that it was sealed with")
        self._cipher = _cipher(master, number)
        self._source, self._place = source, 0
        if not (ahead := _exactly(source, CHUNK + _TAG)):
            raise SealError("it is cut off")
        self._ahead = ahead
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._left and self._ahead:
            self._left = memoryview(self._next())
        size = min(len(view), len(self._left))
        view[:size], self._left = self._left[:size], self._left[size:]
        return size

    def _next(self) -> bytes:
        # The last chunk is never full: one that is has another behind it, be it empty.
        chunk, is_last = self._ahead, len(self._ahead) < CHUNK + _TAG
        self._ahead = b"" if is_last else _exactly(self._source, CHUNK + _TAG)
        if not is_last and not self._ahead:
            raise SealError("it is cut off")
        try:
            text = self._cipher.decrypt(_nonce(self._place, is_last), chunk, self._head)
        except (InvalidTag, ValueError):
            raise SealError("it is cut off or changed") from None
        self._place += 1
        return text


def _exactly(source: IO[bytes], size: int) -> bytes:
    """As many bytes as asked for, fewer only at the end; a pipe gives what it has."""
    found = bytearray()
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    return bytes(found)


@contextmanager
def sealing(out: IO[bytes], passphrase: str) -> Iterator[IO[bytes]]:
    """What is written in the block is sealed into `out`; it opens only if the block ended well."""
    sealed = _Sealing(out, passphrase)
    yield cast(IO[bytes], sealed)
    sealed.end()


@contextmanager
def opening(source: IO[bytes], passphrase: str) -> Iterator[IO[bytes]]:
    """What was sealed into `source`; each byte that is read is proven to be at its place.

    Raises:
        SealError: another passphrase, or a file that is cut off, changed or something else; while it is read, too.
    """
    yield cast(IO[bytes], io.BufferedReader(_Opened(source, passphrase), CHUNK))


def main(what: str) -> None:
    """Copies standard input, sealed or opened, to standard output; ends with a line where that fails."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    passphrase = source.readline().decode().rstrip("\n")
    try:
        with sealing(out, passphrase) if what == "seal" else opening(source, passphrase) as stream:
            read, write = (source, stream) if what == "seal" else (stream, out)
            while block := read.read(CHUNK):
                write.write(block)
        out.flush()
    except SealError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
