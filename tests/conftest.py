"""Fixtures that give tests real servers and settings of their own, whatever the developer's environment holds."""

import secrets
import zipfile
from base64 import urlsafe_b64encode as b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Protocol, TypeVar

import hypothesis
import pytest
from pydantic import SecretStr

from connections.settings import ENV_FILE, Settings, get_settings
from readmission import synthetic
from readmission.local.mlflow_server import mlflow
from readmission.local.service import Folders
from scripts import ed25519
from tests.free_ports import free_offset
from tests.services import running

# How long an example takes is the machine's matter.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Test functions that suites share.
pytest.register_assert_rewrite("tests.outside")

ROOT = Path(__file__).parents[1]
REAL_ARCHIVE = ROOT.parent / "shared/data/dataset_diabetes.zip"
REAL_CSV = "dataset_diabetes/diabetic_data.csv"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NOBODY_LISTENS = "http://127.0.0.1:9"

# Of all servers of a session: a process is one account of MLflow's, whichever of them it asks.
MLFLOW_PASSWORDS = {name: SecretStr(secrets.token_urlsafe(24)) for name in ("admin", "pipeline", "api")}
# What models are signed with in the tests of a session.
SIGNING_SEED = secrets.token_bytes(32)
PUBLIC_KEY = b64encode(ed25519.public_key(SIGNING_SEED)).decode()

Answer = TypeVar("Answer")
# A file, in a folder of its own, of so many synthetic encounters of a seed.
SyntheticCsv = Callable[[int, int], Path]


class Poll(Protocol):
    """Waits until a condition holds, and gives what it answered; the test fails after `deadline` seconds."""

    def __call__(self, condition: Callable[[], Answer], deadline: float = 90.0, every: float = 0.1) -> Answer: ...


def _poll(condition: Callable[[], Answer], deadline: float = 90.0, every: float = 0.1) -> Answer:
    until = monotonic() + deadline
    pause = Event()
    while not (answer := condition()):
        if monotonic() > until:
            pytest.fail(f"not so within {deadline} s")
        pause.wait(every)
    return answer


@pytest.fixture(scope="session")
def synthetic_csv(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCsv:
    """Writes encounters that look like the real ones."""

    def write(rows: int, seed: int) -> Path:
        path = tmp_path_factory.mktemp("csv") / "encounters.csv"
        synthetic.write(path, rows, seed)
        return path

    return write


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Iterator[None]:
    """Hides the developer's `.env`, settings and proxies from the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENV_FILE, "")
        for name in (*Settings.model_fields, *PROXIES):
            patch.delenv(name.upper(), raising=False)
            patch.delenv(name.lower(), raising=False)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        get_settings.cache_clear()
        yield
        get_settings.cache_clear()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with folders and SQLite databases of the test's own, and no server behind any address."""
    return _settings(tmp_path).model_copy(update={"mlflow_tracking_uri": NOBODY_LISTENS, "api_url": NOBODY_LISTENS})


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a running MLflow server, shared by the session's tests.

    A test that wants databases of its own takes `stores.model_copy(update={"state_dir": tmp_path})`.
    """
    settings = _settings(tmp_path_factory.mktemp("stores"))
    settings = settings.model_copy(update={"port_offset": free_offset(settings)})
    settings = settings.model_copy(update={"mlflow_tracking_uri": settings.url("mlflow")})
    with running(mlflow(settings), Folders.of(settings)):
        yield settings


@pytest.fixture(scope="session")
def private_settings() -> Callable[[Path], Settings]:
    """Makes settings with random secrets and all files in a folder, for fixtures that start servers."""
    return _settings


@pytest.fixture
def no_login(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The form that a test runs in its own process asks nobody who they are."""
    monkeypatch.setenv("FORM_AUTH", "off")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def poll() -> Poll:
    """The way to wait in a test: until something is so, with a deadline."""
    return _poll


@pytest.fixture(scope="session")
def real_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real data set's CSV; the test is skipped where the archive is not."""
    if not REAL_ARCHIVE.is_file():
        pytest.skip(f"the real data set is not at ../shared/data/{REAL_ARCHIVE.name}")
    with zipfile.ZipFile(REAL_ARCHIVE) as archive:
        return Path(archive.extract(REAL_CSV, tmp_path_factory.mktemp("real")))


def _settings(folder: Path) -> Settings:
    return Settings(
        # MLflow's client exports the server that it was last given, and who it is there.
        mlflow_tracking_uri=None,
        api_auth="off",  # tests of keys turn it on
        state_dir=folder / "var",
        dataset_path=folder / "data/Diabetes.csv",
        dataset_source="synthetic",
        aws_access_key_id=_secret(12),
        aws_secret_access_key=_secret(24),
        mlflow_tracking_username=None,
        mlflow_admin_password=MLFLOW_PASSWORDS["admin"],
        mlflow_pipeline_password=MLFLOW_PASSWORDS["pipeline"],
        mlflow_api_password=MLFLOW_PASSWORDS["api"],
        form_api_key=_secret(32),
        form_password=_secret(16),
        form_cookie_secret=_secret(32),
        airflow_admin_password=_secret(12),
        airflow_jwt_secret=_secret(64),
        airflow_fernet_key=SecretStr(b64encode(secrets.token_bytes(32)).decode()),
        airflow_secret_key=_secret(32),
        forget_key=_secret(32),
        model_signing_key=SecretStr(b64encode(SIGNING_SEED).decode()),
        model_public_keys=PUBLIC_KEY,
    )


def _secret(size: int) -> SecretStr:
    return SecretStr(secrets.token_urlsafe(size))
