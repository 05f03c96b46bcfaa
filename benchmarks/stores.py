"""What benchmarks run beside the service: a real MLflow with a version in production, and a MySQL of Compose."""

import os
import secrets
import signal
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from subprocess import CalledProcessError

from pydantic import SecretStr
from sqlalchemy import Engine, text

from connections import proxies
from connections.api_keys import new_key
from connections.settings import Settings
from readmission import synthetic
from readmission.clean import prepare
from readmission.dataset.obtain import obtain
from readmission.local.mlflow_server import mlflow
from readmission.local.service import Folders
from readmission.params import ForestParams, PrepareParams
from readmission.raw import ingest
from readmission.storage.databases import initialise
from scripts.env_file import filled
from tests.conftest import ROOT
from tests.e2e.stack import Stack, docker
from tests.free_ports import free_offset, free_port
from tests.integration.pipeline import train
from tests.services import running

ROWS, TREES = 30_000, 300
# All of train is one batch: one forest is what is served.
_ONE_BATCH = PrepareParams(batch_size=1_000_000)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk that the clone is on, where it is durable what is synchronised; gone after the block.

    A benchmark that is told to end leaves nothing running either.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=ROOT / "var") as folder:
        yield Path(folder)


@contextmanager
def registry(folder: Path) -> Iterator[Settings]:
    """Settings of an MLflow that runs for the block, on ports that are free, with SQLite databases."""
    source = os.environ.get("DATASET_SOURCE") or "synthetic"
    made = Settings(state_dir=folder / "var", dataset_path=folder / "Diabetes.csv", dataset_source=source)
    own = {f"mlflow_{account}_password": SecretStr(secrets.token_urlsafe()) for account in ("admin", "pipeline", "api")}
    others = dict.fromkeys(("database_url", "mlflow_tracking_uri", "mlflow_tracking_username", "api_url"))
    keys = {"form_api_key": SecretStr(new_key()), "api_auth": "on", "api_keys_file": None}
    made = made.model_copy(update={**others, **own, **keys})
    made = made.model_copy(update={"port_offset": free_offset(made)})
    settings = made.model_copy(update={"mlflow_tracking_uri": made.url("mlflow")})
    os.environ.update(proxies.past_proxies(settings.own_hosts))
    with running(mlflow(settings), Folders.of(settings)):
        yield settings


def put_in_production(settings: Settings, trees: int = TREES) -> None:
    """Trains one forest of so many trees, as the pipeline does, and promotes it."""
    initialise(settings)
    if settings.dataset_source == "synthetic":
        synthetic.write(settings.dataset_path, ROWS, seed=1)
        ingest.load(settings)
    else:
        with obtain(settings) as obtained:
            ingest.load(settings, obtained)
    prepare.prepare(settings, _ONE_BATCH)
    with redirect_stdout(StringIO()):  # MLflow's links to pages that are gone with the block
        train(settings, ForestParams(n_estimators=trees))


def docker_answers() -> bool:
    """Whether a Docker engine answers here."""
    try:
        docker("info")
    except (CalledProcessError, OSError):
        return False
    return True


@dataclass(frozen=True)
class MySql:
    """The MySQL of `docker-compose.yml`, as a project of its own."""

    stack: Stack

    def settings(self, settings: Settings, account: str) -> Settings:
        """The settings, with this server as one of the platform's accounts."""
        address = self.stack.address("mysql", 3306).removeprefix("http://")
        url = f"mysql+pymysql://{account}:{self.stack.mysql_password(account)}@{address}"
        return settings.model_copy(update={"database_url": SecretStr(url)})

    def engine(self, account: str = "owner") -> Engine:
        """`RAW_DATA` as one of the platform's accounts."""
        return self.stack.database(account, "RAW_DATA")

    def answers(self) -> bool:
        """Whether the server answers a query."""
        try:
            with self.engine("api").connect() as connection:
                connection.execute(text("SELECT 1 FROM predictions LIMIT 1"))
        except Exception:  # whatever the driver or a socket says while it starts
            return False
        return True


@contextmanager
def mysql(folder: Path, settings: Settings) -> Iterator[MySql]:
    """The server, with its tables up to date, for the block; nothing of it is left."""
    project = f"readmission-benchmark-{zlib.crc32(str(ROOT).encode())}"
    (folder / "data").mkdir()
    env = folder / "env"
    own = {"COMPOSE_PROJECT_NAME": project, "DATASET_DIR": str(folder / "data"), "MYSQL_PORT": str(free_port())}
    text_of_env = filled((ROOT / ".env.example").read_text(encoding="utf-8"))
    env.write_text(text_of_env + "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")
    server = MySql(Stack(project, env, folder / "data"))
    try:
        server.stack.compose("up", "--detach", "--wait", "mysql")
        initialise(server.settings(settings, "owner"), grants=True)
        yield server
    finally:
        server.stack.remove()
