"""A web server, and a CSV of synthetic encounters."""

from collections.abc import Iterator

import pytest

from readmission import synthetic
from tests.unit.dataset.site import Site, running


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as served:
        yield served


@pytest.fixture(scope="session")
def csv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("csv") / "encounters.csv"
    synthetic.write(path, 1_000, seed=1)
    return path.read_bytes()
