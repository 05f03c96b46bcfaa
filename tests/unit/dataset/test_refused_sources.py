"""What is not the data set, or cannot be a source, leaves all as it was, with a message that says what to do."""

import gzip
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.dataset.obtain import obtain
from readmission.errors import InvalidFileError, SourceError
from tests.unit.dataset.packed import BOTH, published, sha256, without_last
from tests.unit.dataset.site import Site, files, get, zipped

ADVICE = "use the word `synthetic` for made-up encounters."


def test_the_configured_sha256_is_held_to(settings: Settings, site: Site, tmp_path: Path, csv: bytes) -> None:
    packed = tmp_path / "data.zip"
    packed.write_bytes(published(csv))
    site.pages["/data.zip"] = published(csv)
    wrong = settings.model_copy(update={"dataset_sha256": "0" * 64})
    for source in (str(packed), f"{site.address}/data.zip"):
        with pytest.raises(SourceError, match=f"data.zip is not the data set: its CSV's sha256 is {sha256(csv)}"):
            get(wrong, source)
    assert files(settings) == []
    right = settings.model_copy(update={"dataset_sha256": sha256(csv).upper()})
    assert get(right, f"{site.address}/data.zip").content == csv
    asked = len(site.asked)
    with pytest.raises(SourceError, match="sha256"):
        get(wrong, f"{site.address}/data.zip")
    assert len(site.asked) == asked + 1, "a file of another sha256 is fetched again"
    assert settings.dataset_path.read_bytes() == csv


NOT_THE_DATA = {
    "empty": (b"", "is empty or begins with an empty line"),
    "html": (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not a CSV"),
    "columns": (b"age,b\n1,2\n", "missing: encounter_id"),
    "zip": (b"PK\x03\x04 and no more", "cannot be unpacked"),
    "gzip": (gzip.compress(b"encounter_id,patient_nbr\n" * 500)[:-20], "cannot be unpacked"),
    "picture": (zipped({"picture.png": b"x"}), "holds no CSV (it holds: picture.png)"),
    "nothing": (zipped({}), "holds no CSV (it holds: nothing)"),
    "two": (
        zipped({"a.csv": b"x", "b.csv": b"y"}),
        "holds 2 files that could be the data set and differ (a.csv, b.csv): unpack it and give the one that is meant",
    ),
    "deep": (zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({"d": b""})})})}), "packed more than 3 times"),
}


@pytest.mark.parametrize("case", NOT_THE_DATA)
def test_what_is_not_the_data_set_leaves_all_as_it_was(
    settings: Settings, site: Site, tmp_path: Path, csv: bytes, case: str
) -> None:
    content, reason = NOT_THE_DATA[case]
    site.pages["/good.csv"], site.pages["/bad"] = csv, content
    (tmp_path / "bad").write_bytes(content)
    for source in (str(tmp_path / "bad"), f"{site.address}/bad"):
        with pytest.raises(SourceError) as refused:
            get(settings, source)
        assert str(refused.value).startswith("bad" if "://" not in source else source)
        assert reason in str(refused.value)
        assert files(settings) == []
    get(settings, f"{site.address}/good.csv")
    with pytest.raises(SourceError):
        get(settings, f"{site.address}/bad")
    assert settings.dataset_path.read_bytes() == csv
    assert files(settings) == BOTH


def test_a_row_that_is_refused_keeps_a_download_out(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/good.csv"], site.pages["/bad.csv"] = csv, csv + b"1,2\n"
    get(settings, f"{site.address}/good.csv")
    with pytest.raises(SourceError, match=r"/bad.csv has 1 problem"), obtain(settings, f"{site.address}/bad.csv"):
        pass
    with pytest.raises(InvalidFileError, match=r"/bad.csv has 1 problem"):
        get(settings, f"{site.address}/bad.csv")
    assert settings.dataset_path.read_bytes() == csv
    assert files(settings) == BOTH


def test_a_load_that_fails_keeps_a_download_out(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    with pytest.raises(ConnectionError), obtain(settings, f"{site.address}/a.csv"):
        raise ConnectionError("the cable was pulled")
    assert files(settings) == []


def test_a_file_that_goes_away_or_changes_is_named(settings: Settings, tmp_path: Path, csv: bytes) -> None:
    given = tmp_path / "data.csv"
    given.write_bytes(csv)
    with obtain(settings, str(given)) as file:
        file.check_unchanged()
        given.write_bytes(without_last(csv))
        with pytest.raises(InvalidFileError, match=r"^data\.csv was changed while it was read; load it again$"):
            file.check_unchanged()
        given.unlink()
        for reads in (file.check_unchanged, lambda: file.checked):
            with pytest.raises(SourceError, match=r"^data\.csv cannot be read or written: No such file or directory"):
                reads()


NO_ADDRESS = "is no address (its host or port is wrong): write it as https://host/folder/file.zip"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere/data.zip", "there is no file nowhere/data.zip"),
        ("~nobody-of-that-name/data.zip", "there is no file ~nobody-of-that-name/data.zip"),
        ("a\x00b", "there is no file a\\x00b"),
        ("x" * 5_000, "File name too long"),
        ("/", "/ is a folder: name the file in it"),
        ("ftp://example.org/data.zip", "is neither a file nor an http(s) address"),
        ("http://", f"http:// {NO_ADDRESS}"),
        ("http://[", f"http://[ {NO_ADDRESS}"),
        ("http://host:99999/a.csv", f"http://host:99999/a.csv {NO_ADDRESS}"),
        ("http://host:port/a.csv", f"http://host:port/a.csv {NO_ADDRESS}"),
        ("http://:80/a.csv", f"http://:80/a.csv {NO_ADDRESS}"),
        ("http://a..b/a.csv", f"http://a..b/a.csv {NO_ADDRESS}"),
        ("http://two words/a.csv", "http://two words/a.csv "),
        ("http://user:cla/ve@host/a.csv", "http://host/a.csv "),
        ("http://h\u202east/\x1b[2J.csv", "http://h\\u202east/\\x1b[2J.csv "),
    ],
)
def test_sources_that_cannot_be(settings: Settings, source: str, reason: str) -> None:
    with pytest.raises(SourceError) as refused:
        get(settings, source)
    said = str(refused.value)
    assert reason in said
    assert said.isprintable()
    assert "cla" not in said
    assert said.endswith(ADVICE) or "too long" in reason
    assert files(settings) == []
