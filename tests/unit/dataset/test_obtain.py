"""The CSV is obtained whole and under the name that was given, or not at all with a message that says what to do."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.dataset import archives, download
from readmission.dataset.obtain import obtain
from readmission.dataset.origin import origin_of
from readmission.errors import InvalidFileError, SourceError
from readmission.progress import silent
from tests.unit.dataset.site import Site, chunked, files, get, sized, unsized, zipped

ADVICE = "use the word `synthetic` for made-up encounters."
BOTH = ["Diabetes.csv", "Diabetes.csv.source.json"]


def published(csv: bytes) -> bytes:
    inner = zipped({"dataset_diabetes/diabetic_data.csv": csv, "dataset_diabetes/IDs_mapping.csv": b"a,b\n"})
    return zipped({"dataset_diabetes.zip": inner})


def without_last(csv: bytes) -> bytes:
    return b"".join(csv.splitlines(keepends=True)[:-1])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "data.csv": lambda csv: csv,
    "data.csv.gz": gzip.compress,
    "data.zip": lambda csv: zipped({"folder/anything.csv": csv, "__MACOSX/anything.csv": b"x"}),
    "text.zip": lambda csv: zipped({"export.txt": csv}),
    "gz.zip": lambda csv: zipped({"export.csv.gz": gzip.compress(csv)}),
    "published.zip": published,
    "no_ending": published,
}


@pytest.mark.parametrize("name", WAYS)
def test_a_file_on_disk_is_read_and_the_one_in_place_stays(
    settings: Settings, tmp_path: Path, csv: bytes, name: str
) -> None:
    settings.dataset_path.parent.mkdir(parents=True)
    settings.dataset_path.write_bytes(b"somebody's")
    packed = tmp_path / name
    packed.write_bytes(WAYS[name](csv))
    got = get(settings, str(packed))
    assert (got.content, got.name) == (csv, name)
    assert settings.dataset_path.read_bytes() == b"somebody's"
    assert files(settings) == ["Diabetes.csv"], "what was unpacked is gone"


@pytest.mark.parametrize("name", WAYS)
def test_an_address_is_fetched_unpacked_and_kept(settings: Settings, site: Site, csv: bytes, name: str) -> None:
    page = WAYS[name](csv)
    site.pages[f"/{name}"] = page
    told: list[tuple[int, int | None]] = []
    settings = settings.model_copy(update={"dataset_source": f"{site.address}/{name}"})
    got = get(settings, progress=lambda done, total: told.append((done, total)))
    assert (got.content, got.name) == (csv, f"{site.address}/{name}")
    assert settings.dataset_path.read_bytes() == csv
    assert files(settings) == BOTH
    assert told[-1] == (len(page), len(page))


def test_the_file_in_place_can_be_the_source(settings: Settings, csv: bytes) -> None:
    settings.dataset_path.parent.mkdir(parents=True)
    settings.dataset_path.write_bytes(csv)
    got = get(settings, str(settings.dataset_path))
    assert (got.path, got.name) == (settings.dataset_path, "Diabetes.csv")
    assert files(settings) == ["Diabetes.csv"]


def test_an_address_is_fetched_once(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = site.pages["/b.csv"] = csv
    for source in ("/a.csv", "/a.csv", "/b.csv", "/b.csv", "/b.csv?version=2"):
        get(settings, site.address + source)
    assert site.asked == ["/a.csv", "/b.csv", "/b.csv?version=2"]


@pytest.mark.parametrize("packs", [bytes, gzip.compress])
def test_what_a_person_put_there_is_used(
    settings: Settings, site: Site, csv: bytes, packs: Callable[[bytes], bytes]
) -> None:
    site.pages["/a.csv"] = csv
    settings.dataset_path.parent.mkdir(parents=True)
    settings.dataset_path.write_bytes(packs(without_last(csv)))
    assert get(settings, f"{site.address}/a.csv").content == without_last(csv)
    assert site.asked == []
    settings.dataset_path.write_bytes(b"age,the,data\n1,2,3\n")
    with pytest.raises(SourceError, match=r"Diabetes\.csv does not have the data set's 50 .*missing: encounter_id"):
        get(settings, f"{site.address}/a.csv")


def test_a_download_that_a_person_replaced_is_theirs(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = site.pages["/b.csv"] = csv
    get(settings, f"{site.address}/a.csv")
    settings.dataset_path.write_bytes(without_last(csv))
    assert get(settings, f"{site.address}/b.csv").content == without_last(csv)


def test_what_is_remembered_holds_no_secret(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    address = site.address.replace("//", "//user:clave@") + "/a.csv?token=clave"
    assert get(settings, address).name == f"{site.address}/a.csv"
    origin = origin_of(settings.dataset_path, sha256(csv))
    assert origin is not None
    assert (origin.source, origin.sha256) == (f"{site.address}/a.csv", sha256(csv))
    assert "clave" not in settings.dataset_path.with_name("Diabetes.csv.source.json").read_text()
    with pytest.raises(SourceError) as refused:
        get(settings, address.replace("a.csv", "none.csv"))
    assert "clave" not in str(refused.value)
    assert f"{site.address}/none.csv answered 404 Not Found." in str(refused.value)


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


def test_loads_at_the_same_time_share_no_file(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"], site.pages["/b.zip"] = csv, zipped({"b.csv": without_last(csv)})
    with obtain(settings, f"{site.address}/a.csv") as a, obtain(settings, f"{site.address}/b.zip") as b:
        assert a.path != b.path
        assert (a.path.read_bytes(), b.path.read_bytes()) == (csv, without_last(csv))
    assert settings.dataset_path.read_bytes() == csv, "the one that ended last is kept"
    assert files(settings) == BOTH


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


def test_synthetic_is_made_once_and_never_called_the_data_set(settings: Settings) -> None:
    settings = settings.model_copy(update={"synthetic_rows": 1_200})
    path = settings.dataset_path.with_name("synthetic.csv")
    got = get(settings, "synthetic")
    assert got.name == "synthetic.csv"
    assert path.read_bytes() == got.content
    assert got.content.count(b"\n") == 1_201
    made = path.stat().st_mtime_ns
    assert get(settings, "synthetic").path == path
    assert path.stat().st_mtime_ns == made
    assert json.loads(path.with_name("synthetic.csv.source.json").read_text())["seed"] == 42
    assert not settings.dataset_path.exists()
    assert get(settings.model_copy(update={"synthetic_rows": 1_300}), "synthetic").content.count(b"\n") == 1_301
    path.write_bytes(b"broken")
    assert get(settings, "synthetic").content.count(b"\n") == 1_201


@pytest.mark.real_data
def test_the_published_archive(settings: Settings, real_csv: Path) -> None:
    assert get(settings, str(real_csv)).content == real_csv.read_bytes()
