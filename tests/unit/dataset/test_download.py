"""A server that fails, an answer that is cut short or too large: what is kept was fetched whole."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.dataset import archives, download
from readmission.errors import InvalidFileError, SourceError
from readmission.progress import silent
from tests.unit.dataset.packed import sha256
from tests.unit.dataset.site import Site, chunked, files, get, unsized, zipped
from tests.web_server import sized


def test_a_server_that_recovers_is_asked_again(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    site.failures = 2
    assert get(settings, f"{site.address}/a.csv").content == csv
    assert len(site.asked) == 3


def test_a_server_that_does_not_recover_is_given_up(settings: Settings, site: Site) -> None:
    site.failures = 9
    with pytest.raises(SourceError, match="answered 503 Service Unavailable"):
        get(settings, f"{site.address}/a.csv")
    assert len(site.asked) == download.ATTEMPTS


def test_an_answer_that_is_cut_short_leaves_nothing(settings: Settings, site: Site, csv: bytes) -> None:
    whole_lines = b"".join(csv.splitlines(keepends=True)[:500])
    packed = zipped({"data.csv": csv})
    cut: dict[str, tuple[bytes | Callable[..., None], str]] = {
        "/sized": (lambda to: sized(to, whole_lines, len(csv)), "cannot be fetched (RemoteProtocolError"),
        "/chunked": (lambda to: chunked(to, whole_lines, whole=False), "cannot be fetched (RemoteProtocolError"),
        "/unsized.csv": (lambda to: unsized(to, whole_lines), "does not say how long its answer is"),
        "/unsized.zip": (lambda to: unsized(to, packed[:-30]), "it is damaged or cut short"),
        "/unsized.gz": (lambda to: unsized(to, gzip.compress(csv)[:-9]), "it is damaged or cut short"),
        "/sized.csv": (csv[:-1].rpartition(b",")[0], "50 cells (this line has 49)"),
    }
    for path, (page, reason) in cut.items():
        site.pages[path] = page
        with pytest.raises((SourceError, InvalidFileError)) as refused:
            get(settings, site.address + path)
        assert reason in str(refused.value)
        assert files(settings) == []


def test_an_answer_of_unknown_length_is_taken_where_it_shows_that_it_is_whole(
    settings: Settings, site: Site, csv: bytes
) -> None:
    site.pages["/a.zip"] = lambda to: unsized(to, zipped({"data.csv": csv}))
    site.pages["/b.csv"] = lambda to: chunked(to, csv, whole=True)
    site.pages["/c.csv"] = lambda to: unsized(to, csv)
    assert get(settings, f"{site.address}/a.zip").content == csv
    assert get(settings, f"{site.address}/b.csv").content == csv
    known = settings.model_copy(update={"dataset_sha256": sha256(csv)})
    assert get(known, f"{site.address}/c.csv").content == csv


def test_nobody_there(settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"^http://127.0.0.1:9/data.zip cannot be fetched \(ConnectError") as refused:
        get(settings, "http://127.0.0.1:9/data.zip")
    assert "Set DATASET_SOURCE to a csv, gz or zip file" in str(refused.value)
    assert "check the network" in str(refused.value)


def test_sizes_are_bounded(tmp_path: Path, site: Site, csv: bytes) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(zipped({"diabetic_data.csv": csv * 30}))
    out = tmp_path / "out.csv"
    with pytest.raises(SourceError, match="bomb is larger than 2,000,000 bytes"):
        archives.unpack(bomb, lambda: out, "bomb", largest=2_000_000)
    assert out.stat().st_size <= 2_000_000
    site.pages["/big"] = bytes(300_000)
    with pytest.raises(SourceError, match="/big is larger than 200,000 bytes"):
        download.fetch(f"{site.address}/big", tmp_path / "big", silent, seconds=60, largest=200_000)
