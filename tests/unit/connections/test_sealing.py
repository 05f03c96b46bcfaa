"""A sealed stream opens with its passphrase alone, and not at all where a byte, a chunk or its end is not as it was."""

import io
import subprocess
import sys

import pytest

from connections.sealing import CHUNK, MAGIC, SealError, opening, sealing
from tests.conftest import ROOT

PHRASE = "four words of a ward"
HEAD, STORED = len(MAGIC) + 48, CHUNK + 16


def sealed(text: bytes) -> bytes:
    out = io.BytesIO()
    with sealing(out, PHRASE) as stream:
        stream.write(text[:3])
        stream.write(text[3:])
    return out.getvalue()


def opened(data: bytes, passphrase: str = PHRASE) -> bytes:
    with opening(io.BytesIO(data), passphrase) as stream:
        return stream.read()


@pytest.fixture(scope="module")
def whole() -> bytes:
    """Two full chunks and a bit."""
    return sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_was_sealed_comes_back(size: int) -> None:
    text = bytes(range(256)) * (size // 256 + 1)
    assert opened(sealed(text[:size])) == text[:size]


def test_another_passphrase_is_told_as_such(whole: bytes) -> None:
    with pytest.raises(SealError, match="the passphrase is not the one"):
        opened(whole, "five words of a ward")


@pytest.mark.parametrize("at", [0, HEAD, HEAD + STORED + 9, HEAD + 2 * STORED, -1])
def test_a_flipped_byte_is_noticed(whole: bytes, at: int) -> None:
    at %= len(whole)
    with pytest.raises(SealError, match=r"damaged|cut off or changed"):
        opened(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


@pytest.mark.parametrize("end", [5, HEAD, HEAD + 40, HEAD + STORED, HEAD + 2 * STORED, -1])
def test_a_cut_is_noticed_wherever_it_is(whole: bytes, end: int) -> None:
    with pytest.raises(SealError, match=r"damaged|cut off"):
        opened(whole[:end])


def test_chunks_keep_their_places_and_nothing_follows_them(whole: bytes) -> None:
    first, second = whole[HEAD : HEAD + STORED], whole[HEAD + STORED : HEAD + 2 * STORED]
    last = whole[HEAD + 2 * STORED :]
    for changed in (second + first + last, first + last, first + first + second + last, first + second + last + b"x"):
        with pytest.raises(SealError):
            opened(whole[:HEAD] + changed)


def test_nothing_is_told_of_a_chunk_that_is_not_proven(whole: bytes) -> None:
    read = b""
    with pytest.raises(SealError), opening(io.BytesIO(whole[:-1] + b"?"), PHRASE) as stream:
        while block := stream.read(1000):
            read += block
    assert set(read) <= {ord("a"), ord("b")}


def test_a_stream_that_broke_off_while_it_was_written_does_not_open() -> None:
    out = io.BytesIO()
    with pytest.raises(ZeroDivisionError), sealing(out, PHRASE) as stream:
        stream.write(b"a" * CHUNK)
        raise ZeroDivisionError
    with pytest.raises(SealError, match="cut off"):
        opened(out.getvalue())


def test_a_container_does_it_to_its_standard_input() -> None:
    def run(what: str, data: bytes) -> "subprocess.CompletedProcess[bytes]":
        command = (sys.executable, "-m", "connections.sealing", what)
        return subprocess.run(command, input=data, capture_output=True, cwd=ROOT, timeout=60)

    closed = run("seal", f"{PHRASE}\n".encode() + b"a patient\n" * 9_000).stdout
    assert b"patient" not in closed
    assert run("open", f"{PHRASE}\n".encode() + closed).stdout == b"a patient\n" * 9_000
    refused = run("open", b"another\n" + closed)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.decode().strip() == "the passphrase is not the one that it was sealed with"
