"""A web server, and a CSV of synthetic encounters."""

from collections.abc import Iterator

import pytest

from tests.conftest import SyntheticCsv
from tests.unit.dataset.site import Site, running


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as served:
        yield served


@pytest.fixture(scope="session")
def csv(synthetic_csv: SyntheticCsv) -> bytes:
    return synthetic_csv(1_000, 1).read_bytes()
