"""The CSV is obtained whole, or not at all with a message that says what to do."""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from connections.settings import Settings
from readmission import synthetic
from readmission.dataset import archives, download
from readmission.dataset.obtain import obtain
from readmission.dataset.origin import origin_of
from readmission.errors import SourceError
from readmission.progress import silent

ADVICE = "use the word `synthetic` for made-up encounters."


@dataclass
class Site:
    """What a local web server answers, by path, and what it was asked."""

    address: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failures: int = 0
    cut_off: bool = False


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            page = served.pages.get(self.path.partition("?")[0])
            if served.failures:
                served.failures -= 1
                self.send_error(503)
            elif page is None:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page[: len(page) // 2] if served.cut_off else page)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("csv") / "encounters.csv"
    synthetic.write(path, 1_000, seed=1)
    return path.read_bytes()


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def published(csv: bytes) -> bytes:
    inner = zipped(**{"dataset_diabetes/diabetic_data.csv": csv, "dataset_diabetes/IDs_mapping.csv": b"a,b\n"})
    return zipped(**{"dataset_diabetes.zip": inner})


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files(settings: Settings) -> list[str]:
    folder = settings.dataset_path.parent
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


BOTH = ["Diabetes.csv", "Diabetes.csv.source.json"]
WAYS: dict[str, Callable[[bytes], bytes]] = {
    "data.csv": lambda csv: csv,
    "data.csv.gz": gzip.compress,
    "data.zip": lambda csv: zipped(**{"folder/anything.csv": csv, "__MACOSX/anything.csv": b"x"}),
    "published.zip": published,
    "no_ending": published,
}


@pytest.mark.parametrize("name", WAYS)
def test_a_file_on_disk_is_unpacked(settings: Settings, tmp_path: Path, csv: bytes, name: str) -> None:
    packed = tmp_path / name
    packed.write_bytes(WAYS[name](csv))
    assert obtain(settings, str(packed)) == settings.dataset_path
    assert settings.dataset_path.read_bytes() == csv
    assert files(settings) == BOTH


@pytest.mark.parametrize("name", WAYS)
def test_an_address_is_fetched_and_unpacked(settings: Settings, site: Site, csv: bytes, name: str) -> None:
    site.pages[f"/{name}"] = WAYS[name](csv)
    told: list[tuple[int, int | None]] = []
    settings = settings.model_copy(update={"dataset_source": f"{site.address}/{name}"})
    path = obtain(settings, progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == csv
    assert files(settings) == BOTH
    size = len(site.pages[f"/{name}"])
    assert told[-1] == (size, size)


def test_the_file_on_disk_is_taken_again_when_it_changes(settings: Settings, tmp_path: Path, csv: bytes) -> None:
    packed = tmp_path / "data.csv"
    packed.write_bytes(csv)
    obtain(settings, str(packed))
    lines = csv.splitlines(keepends=True)
    packed.write_bytes(b"".join(lines[:-1]))
    obtain(settings, str(packed))
    assert settings.dataset_path.read_bytes() == b"".join(lines[:-1])


def test_the_file_in_place_can_be_the_source(settings: Settings, csv: bytes) -> None:
    settings.dataset_path.parent.mkdir(parents=True)
    settings.dataset_path.write_bytes(csv)
    assert obtain(settings, str(settings.dataset_path)) == settings.dataset_path
    assert files(settings) == ["Diabetes.csv"]


def test_an_address_is_fetched_once(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = site.pages["/b.csv"] = csv
    for source in ("/a.csv", "/a.csv", "/b.csv", "/b.csv", "/b.csv?version=2"):
        obtain(settings, site.address + source)
    assert site.asked == ["/a.csv", "/b.csv", "/b.csv?version=2"]


def test_what_a_person_put_there_is_used(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    settings.dataset_path.parent.mkdir(parents=True)
    settings.dataset_path.write_bytes(csv + csv.splitlines(keepends=True)[-1])
    before = settings.dataset_path.read_bytes()
    assert obtain(settings, f"{site.address}/a.csv").read_bytes() == before
    assert site.asked == []
    settings.dataset_path.write_bytes(b"not,the,data\n1,2,3\n")
    with pytest.raises(SourceError, match=r"Diabetes\.csv is not the data set: .*missing: encounter_id"):
        obtain(settings, f"{site.address}/a.csv")


def test_a_download_that_a_person_replaced_is_theirs(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = site.pages["/b.csv"] = csv
    obtain(settings, f"{site.address}/a.csv")
    mine = b"".join(csv.splitlines(keepends=True)[:-1])
    settings.dataset_path.write_bytes(mine)
    assert obtain(settings, f"{site.address}/b.csv").read_bytes() == mine


def test_what_is_remembered_holds_no_secret(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    address = site.address.replace("//", "//user:clave@") + "/a.csv?token=clave"
    path = obtain(settings, address)
    origin = origin_of(path, sha256(csv))
    assert origin is not None
    assert (origin.source, origin.sha256) == (f"{site.address}/a.csv", sha256(csv))
    assert "clave" not in path.with_name("Diabetes.csv.source.json").read_text()
    with pytest.raises(SourceError) as refused:
        obtain(settings, address.replace("a.csv", "none.csv"))
    assert "clave" not in str(refused.value)
    assert f"{site.address}/none.csv answered 404 Not Found." in str(refused.value)


def test_the_configured_sha256_is_held_to(settings: Settings, site: Site, tmp_path: Path, csv: bytes) -> None:
    packed = tmp_path / "data.zip"
    packed.write_bytes(published(csv))
    site.pages["/data.zip"] = published(csv)
    wrong = settings.model_copy(update={"dataset_sha256": "0" * 64})
    for source in (str(packed), f"{site.address}/data.zip"):
        with pytest.raises(SourceError, match=f"data.zip is not the data set: its CSV's sha256 is {sha256(csv)}"):
            obtain(wrong, source)
    assert files(settings) == []
    right = settings.model_copy(update={"dataset_sha256": sha256(csv).upper()})
    assert obtain(right, f"{site.address}/data.zip").read_bytes() == csv
    asked = len(site.asked)
    with pytest.raises(SourceError, match="sha256"):
        obtain(wrong, f"{site.address}/data.zip")
    assert len(site.asked) == asked + 1, "a file of another sha256 is fetched again"
    assert settings.dataset_path.read_bytes() == csv


NOT_THE_DATA = {
    "empty": (b"", "it is empty"),
    "html": (b"<!DOCTYPE html><title>Log in</title>", "it is a web page, not a CSV"),
    "columns": (b"a,b\n1,2\n", "missing: encounter_id"),
    "zip": (b"PK\x03\x04 and no more", "cannot be unpacked"),
    "gzip": (gzip.compress(b"encounter_id,patient_nbr\n" * 500)[:-20], "cannot be unpacked"),
    "picture": (zipped(**{"picture.png": b"x"}), "holds no diabetic_data.csv (it holds: picture.png)"),
    "two": (zipped(**{"a.csv": b"x", "b.csv": b"x"}), "holds no diabetic_data.csv (it holds: a.csv, b.csv)"),
    "deep": (zipped(**{"a.zip": zipped(**{"b.zip": zipped(**{"c.zip": b""})})}), "holds no diab"),
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
            obtain(settings, source)
        assert reason in str(refused.value)
        assert str(refused.value).endswith(ADVICE)
        assert files(settings) == []
    obtain(settings, f"{site.address}/good.csv")
    with pytest.raises(SourceError):
        obtain(settings, f"{site.address}/bad")
    assert settings.dataset_path.read_bytes() == csv
    assert files(settings) == BOTH


def test_a_server_that_recovers_is_asked_again(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    site.failures = 2
    assert obtain(settings, f"{site.address}/a.csv").read_bytes() == csv
    assert len(site.asked) == 3


def test_a_server_that_does_not_recover_is_given_up(settings: Settings, site: Site) -> None:
    site.failures = 9
    with pytest.raises(SourceError, match="answered 503 Service Unavailable"):
        obtain(settings, f"{site.address}/a.csv")
    assert len(site.asked) == download.ATTEMPTS


def test_a_download_that_breaks_off_leaves_nothing(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"] = csv
    site.cut_off = True
    with pytest.raises(SourceError, match=r"/a.csv cannot be fetched \(RemoteProtocolError"):
        obtain(settings, f"{site.address}/a.csv")
    assert files(settings) == []


def test_nobody_there(settings: Settings) -> None:
    with pytest.raises(SourceError, match=r"^http://127.0.0.1:9/data.zip cannot be fetched \(ConnectError") as refused:
        obtain(settings, "http://127.0.0.1:9/data.zip")
    assert "Set DATASET_SOURCE to a csv, gz or zip file" in str(refused.value)
    assert "check the network" in str(refused.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("nowhere/data.zip", "there is no file nowhere/data.zip"),
        ("/", "there is no file /"),
        ("ftp://example.org/data.zip", "is neither a file nor an http(s) address"),
        ("http://", "cannot be fetched"),
    ],
)
def test_sources_that_cannot_be(settings: Settings, source: str, reason: str) -> None:
    with pytest.raises(SourceError) as refused:
        obtain(settings, source)
    assert reason in str(refused.value)
    assert files(settings) == []


def test_sizes_are_bounded(tmp_path: Path, site: Site) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(zipped(**{"diabetic_data.csv": bytes(5_000_000)}))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(SourceError, match="bomb is larger than 2,000,000 bytes"):
        archives.extract(bomb, tmp_path / "out.csv", "bomb", largest=2_000_000)
    assert (tmp_path / "out.csv").stat().st_size <= 2_000_000
    site.pages["/big"] = bytes(300_000)
    with pytest.raises(SourceError, match="/big is larger than 200,000 bytes"):
        download.fetch(f"{site.address}/big", tmp_path / "big", silent, largest=200_000)


def test_synthetic_is_made_once_and_never_called_the_data_set(settings: Settings) -> None:
    settings = settings.model_copy(update={"synthetic_rows": 1_200})
    path = obtain(settings, "synthetic")
    assert path == settings.dataset_path.with_name("synthetic.csv")
    assert path.read_bytes().count(b"\n") == 1_201
    made = path.stat().st_mtime_ns
    assert obtain(settings, "synthetic").stat().st_mtime_ns == made
    assert json.loads(path.with_name("synthetic.csv.source.json").read_text())["seed"] == 42
    assert not settings.dataset_path.exists()
    more = obtain(settings.model_copy(update={"synthetic_rows": 1_300}), "synthetic")
    assert more.read_bytes().count(b"\n") == 1_301
    path.write_bytes(b"broken")
    assert obtain(settings, "synthetic").read_bytes().count(b"\n") == 1_201


@pytest.mark.real_data
def test_the_published_archive(settings: Settings, real_csv: Path) -> None:
    assert obtain(settings, str(real_csv)).read_bytes() == real_csv.read_bytes()
