"""The CSV is obtained whole and under the name that was given: where it is, fetched, unpacked or made up."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connections.settings import Settings
from readmission.dataset.obtain import obtain
from readmission.dataset.origin import origin_of
from readmission.errors import SourceError
from tests.unit.dataset.packed import BOTH, published, sha256, without_last
from tests.unit.dataset.site import Site, files, get, zipped

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


def test_loads_at_the_same_time_share_no_file(settings: Settings, site: Site, csv: bytes) -> None:
    site.pages["/a.csv"], site.pages["/b.zip"] = csv, zipped({"b.csv": without_last(csv)})
    with obtain(settings, f"{site.address}/a.csv") as a, obtain(settings, f"{site.address}/b.zip") as b:
        assert a.path != b.path
        assert (a.path.read_bytes(), b.path.read_bytes()) == (csv, without_last(csv))
    assert settings.dataset_path.read_bytes() == csv, "the one that ended last is kept"
    assert files(settings) == BOTH


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
