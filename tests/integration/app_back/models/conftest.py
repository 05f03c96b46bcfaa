"""Two registered versions, each test's own."""

from pathlib import Path

import pytest

from connections.settings import Settings
from tests.integration.app_back.models.versions import Versions
from tests.integration.app_back.served import register_served, write_served


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("served")
    return write_served(folder / "1", seed=1), write_served(folder / "2", seed=2)


@pytest.fixture
def versions(
    stores: Settings,
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Versions:
    """The second is in production."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    name = f"modelo_{request.node.originalname}"
    settings = stores.model_copy(update={"state_dir": tmp_path / "var", "model_name": name})
    made = [register_served(settings, served, tmp_path / served.name) for served in folders]
    return Versions(settings, made[0], made[1], folders)
