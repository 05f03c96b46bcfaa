"""Files and servers that would take a machine's time, memory or disk are refused in a line, soon."""

import gzip
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import monotonic, process_time

import pytest

from connections.settings import Settings, machine_environment
from readmission.dataset import csv_problems
from readmission.dataset.csv_check import check_file
from readmission.errors import InvalidFileError, SourceError
from tests.conftest import ROOT
from tests.unit.dataset.site import Site, files, get, zipped
from tests.web_server import sized

MEGABYTE = 1 << 20
SECONDS = 20.0  # of the processor, so that nothing else on the machine counts; each takes a few
GROWTH = 400 * MEGABYTE


@contextmanager
def bounded() -> Iterator[None]:
    """Fails where the block takes long, or much memory at its highest."""
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, process_time()
    yield
    assert process_time() - begun < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < GROWTH


def first_lines(csv: bytes, count: int) -> bytes:
    return b"".join(csv.splitlines(keepends=True)[:count])


# A gzip file may have many members, which are unpacked one after the other.
GIGABYTE_OF_ZEROS = gzip.compress(bytes(8 * MEGABYTE)) * 128


@pytest.mark.parametrize(
    ("name", "lines", "reason"),
    [
        ("zeros.gz", 0, "is binary data, not text (it holds zero bytes)"),
        ("zeros.zip", 0, "is binary data, not text (it holds zero bytes)"),
        ("rows.gz", 40, "is no table of encounters: it has 1,048,576 bytes without a line end"),
    ],
)
def test_a_gigabyte_of_zeros_is_refused(
    settings: Settings, tmp_path: Path, csv: bytes, name: str, lines: int, reason: str
) -> None:
    packed = gzip.compress(first_lines(csv, lines)) + GIGABYTE_OF_ZEROS
    (tmp_path / name).write_bytes(packed if name.endswith(".gz") else zipped({"zeros.csv.gz": packed}))
    with bounded(), pytest.raises((SourceError, InvalidFileError)) as refused:
        get(settings, str(tmp_path / name))
    assert str(refused.value).startswith(f"{name} {reason}")
    assert files(settings) == []


def lines_of(content: bytes) -> Callable[[bytes], bytes]:
    return lambda csv: first_lines(csv, 5) + content


HUGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a header of 4 MB": (lambda _: b"age," * MEGABYTE, "line 1 is longer than 65,536 characters"),
    "a header of 4 MB without a comma": (lambda _: b"x" * 4 * MEGABYTE, "line 1 is longer than 65,536 characters"),
    "a row of 4 MB": (lines_of(b"x," * 2 * MEGABYTE), "line 6 is longer than 65,536 characters"),
    "100 MB of newlines": (lambda _: b"\n" * 100 * MEGABYTE, "begins with an empty line"),
    "100 MB of newlines after rows": (lines_of(b"\n" * 100 * MEGABYTE), "is another file, or damaged"),
    "100 MB of CR": (lambda _: b"\r" * 100 * MEGABYTE, "begins with an empty line"),
    "100 MB of CR after rows": (lines_of(b"\r" * 100 * MEGABYTE), "is another file, or damaged"),
    "100 MB of commas": (lines_of(b",\n" * 50 * MEGABYTE), "is another file, or damaged"),
    "100 MB of quotes": (lines_of(b'"\n' * 50 * MEGABYTE), "is another file, or damaged"),
}


@pytest.mark.parametrize("case", HUGE)
def test_what_is_huge_and_no_table_is_refused_soon(tmp_path: Path, csv: bytes, case: str) -> None:
    makes, reason = HUGE[case]
    huge = tmp_path / "huge.csv"
    huge.write_bytes(makes(csv))
    with bounded(), pytest.raises(InvalidFileError) as refused:
        check_file(huge)
    first = str(refused.value).splitlines()[0]
    assert first.startswith("huge.csv ")
    assert reason in first
    assert len(str(refused.value)) < 5_000


def test_the_lines_that_were_read_before_it_was_given_up_are_counted(tmp_path: Path, csv: bytes) -> None:
    huge = tmp_path / "huge.csv"
    huge.write_bytes(first_lines(csv, 5) + b"\n" * 3 * MEGABYTE)
    with pytest.raises(InvalidFileError) as refused:
        check_file(huge)
    first, by_column, _, *problems = str(refused.value).splitlines()
    counted = csv_problems.MOST_BROKEN_LINES + 1
    assert f"has {counted:,} problems" in first
    assert by_column == f"by column: broken lines {counted:,}"
    assert problems[0] == "  line 6: '' is not allowed; allowed: 50 cells (this line has 0)"
    assert len(problems) == csv_problems.SHOWN


def dripping(site: Site, head: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not site.closed.wait(0.05):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    return answer


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "],
    ids=["a body", "a header"],
)
def test_a_server_that_drips_is_given_up(settings: Settings, site: Site, head: bytes) -> None:
    site.pages["/slow.csv"] = dripping(site, head)
    hurried = settings.model_copy(update={"dataset_fetch_seconds": 1.0})
    begun = monotonic()
    with pytest.raises(SourceError, match=r"/slow.csv was not fetched within 1 seconds \(DATASET_FETCH_SECONDS\)"):
        get(hurried, f"{site.address}/slow.csv")
    assert 1 <= monotonic() - begun < 60, "it would drip for hours"
    assert files(settings) == []


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a:b\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: ftp://example.org/a\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a..b/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 404 \x1b[2Jgone\r\nContent-Length: 0\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_makes_no_sense_is_one_line(settings: Settings, site: Site, head: bytes) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)

    site.pages["/here"] = answer
    with pytest.raises(SourceError) as refused:
        get(settings, f"{site.address}/here")
    assert str(refused.value).startswith(f"{site.address}/here ")
    assert str(refused.value).isprintable()
    assert files(settings) == []


OBTAIN = """
import sys
from connections.settings import Settings
from readmission.dataset.obtain import obtain
from readmission.errors import SourceError
try:
    with obtain(Settings(), sys.argv[1]):
        pass
except SourceError as error:
    sys.stdout.write(str(error))
"""
FULL_AFTER = 64 * 1024


def obtained_where_files_cannot_grow(settings: Settings, source: str) -> str:
    """The error where no file may grow past `FULL_AFTER` bytes, as for somebody whose quota is used up."""
    # Python would cut its own compiled files short there, and believe them ever after.
    own = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        (sys.executable, "-c", OBTAIN, source),
        env={**machine_environment(), **settings.as_environment(), **own, "COVERAGE_PROCESS_CONFIG": ""},
        cwd=settings.state_dir.parent, capture_output=True, text=True, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AFTER, FULL_AFTER)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("source", ["address", "packed"])
def test_no_room_for_a_file_is_one_line(
    settings: Settings, site: Site, tmp_path: Path, csv: bytes, source: str
) -> None:
    site.pages["/data.csv"] = csv
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(csv))
    given = f"{site.address}/data.csv" if source == "address" else str(tmp_path / "data.csv.gz")
    said = obtained_where_files_cannot_grow(settings, given)
    folder = settings.dataset_path.parent
    assert said == (
        f"the disk is full: {given} does not fit into the folder {folder}; free space there, or use a folder on a "
        "larger disk (DATASET_PATH)"
    )
    assert files(settings) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_small_disk_that_fills_is_one_line(settings: Settings, site: Site, csv: bytes) -> None:
    disk = settings.dataset_path.parent
    disk.mkdir(parents=True)
    mounted = subprocess.run(("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)), capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine mounts no disks")
    try:
        site.pages["/data.csv"] = lambda to: sized(to, csv, len(csv))
        with pytest.raises(SourceError, match=rf"^the disk is full: {site.address}/data.csv does not fit into the"):
            get(settings, f"{site.address}/data.csv")
        with pytest.raises(SourceError, match=r"^the disk is full: synthetic does not fit into the folder"):
            get(settings, "synthetic")
        assert files(settings) == []
    finally:
        subprocess.run(("umount", str(disk)), check=True)
