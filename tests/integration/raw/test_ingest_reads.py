"""A file of millions of rows is slow to read: a load hashes it twice and passes through its rows twice, no more."""

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from connections.settings import SYNTHETIC, Settings, machine_environment
from readmission import synthetic
from readmission.dataset.obtain import obtain
from readmission.dataset.origin import Origin, file_sha256, recorded
from readmission.storage.databases import initialise
from tests.integration.raw import counted_opens

HASHED, PASSED = "readmission.dataset.origin", "readmission.dataset.csv_reader"
URL = "https://example.org/data.zip"


@pytest.fixture
def ready(settings: Settings) -> Settings:
    """A file at `dataset_path`, and databases with nothing loaded."""
    initialise(settings)
    synthetic.write(settings.dataset_path, 2_000, seed=1)
    return settings


def opened(settings: Settings, *steps: str) -> list[dict[str, int]]:
    """How often each of our modules opened the file to read, step by step."""
    command = (sys.executable, counted_opens.__file__, *steps)
    environment = machine_environment() | settings.as_environment()
    folder = settings.state_dir.parent  # no developer's .env is there
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    counts: list[dict[str, int]] = json.loads(done.stdout)
    return counts


def test_a_load_hashes_twice_and_passes_twice(ready: Settings) -> None:
    assert opened(ready, "load", "load") == [{HASHED: 2, PASSED: 2}, {HASHED: 1}]


def test_so_does_the_load_of_a_file_whose_origin_is_known(ready: Settings) -> None:
    with recorded(ready.dataset_path, Origin(URL, file_sha256(ready.dataset_path))):
        pass
    assert opened(ready, "load", "load") == [{HASHED: 2, PASSED: 2}, {HASHED: 1}]


def put_by_hand(settings: Settings) -> Settings:
    return settings.model_copy(update={"dataset_source": URL})


def put_by_hand_over_another(settings: Settings) -> Settings:
    with recorded(settings.dataset_path, Origin(URL, "0" * 64)):
        pass
    return put_by_hand(settings)


def fetched_before(settings: Settings) -> Settings:
    origin = Origin(URL, file_sha256(settings.dataset_path), hashlib.sha256(URL.encode()).hexdigest())
    with recorded(settings.dataset_path, origin):
        pass
    return put_by_hand(settings)


def in_its_place(settings: Settings) -> Settings:
    return settings.model_copy(update={"dataset_source": str(settings.dataset_path)})


def elsewhere_on_disk(settings: Settings) -> Settings:
    given = settings.dataset_path.replace(settings.dataset_path.with_name("elsewhere.csv"))
    return settings.model_copy(update={"dataset_source": str(given)})


def packed(settings: Settings) -> Settings:
    given = settings.dataset_path.with_name("packed")
    given.write_bytes(gzip.compress(settings.dataset_path.read_bytes()))
    settings.dataset_path.unlink()
    return settings.model_copy(update={"dataset_source": str(given)})


def made_up_anew(settings: Settings) -> Settings:
    return settings.model_copy(update={"dataset_source": SYNTHETIC, "synthetic_rows": 1_000})


def made_up_before(settings: Settings) -> Settings:
    with obtain(made_up_anew(settings)):
        pass
    return made_up_anew(settings)


SOURCES = (
    put_by_hand, put_by_hand_over_another, fetched_before, in_its_place, elsewhere_on_disk, packed, made_up_anew,
    made_up_before,
)  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_obtaining_hashes_once_and_the_load_once_more(ready: Settings, source: Callable[[Settings], Settings]) -> None:
    obtaining, loading, keeping = opened(source(ready), "obtain", "load", "keep")
    assert obtaining[HASHED] == 1
    assert obtaining.get(PASSED, 0) <= 1, "the first lines"
    assert loading == {HASHED: 1, PASSED: 2}
    assert keeping == {}, "what the load checked is not checked again"


def test_what_is_kept_without_a_load_is_checked_first(ready: Settings) -> None:
    assert opened(made_up_anew(ready), "obtain", "keep")[1] == {PASSED: 1}
