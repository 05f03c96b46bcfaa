"""An object store that the tests of this folder share, and the bucket job."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from connections.settings import Settings
from tests.conftest import ROOT
from tests.integration.app_back.servers import running
from tests.integration.object_store import seaweedfs, with_store_address

SCRIPT = ROOT / "minio/create_bucket.py"


@pytest.fixture(scope="package")
def store(private_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a running object store without a bucket."""
    settings = with_store_address(private_settings(tmp_path_factory.mktemp("object-store")))
    with running(seaweedfs(settings), settings) as process:
        yield settings
        process.kill()  # asked to stop, it takes a quarter of a minute


@pytest.fixture(scope="package")
def job() -> ModuleType:
    """The bucket job, which is a script and no module of a package."""
    spec = importlib.util.spec_from_file_location("create_bucket", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
