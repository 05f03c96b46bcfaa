"""What is measured: the floor, `mlflow models serve`, and the service on each kind of database."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
from sqlalchemy import Engine, func, select

from benchmarks.serving.durability import problems
from benchmarks.stores import MySql, mysql
from connections.api_keys import put_forms
from connections.model_registry import client
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import predictions
from readmission.features import ORIGINAL_FIELDS, complete_request, model_row
from readmission.local import serving
from readmission.local.health import answers
from readmission.local.service import Folders, Service, program
from readmission.registry.promotion import CHALLENGER
from readmission.storage.databases import initialise
from tests.conftest import ROOT
from tests.free_ports import free_port
from tests.services import running

PATIENT = {field.name: field.default for field in ORIGINAL_FIELDS}
_PROGRAMS = str(Path(sys.executable).parent)


@dataclass(frozen=True)
class Subject:
    """A server that runs, what is asked of it, and, where it logs, the table that it logs to."""

    url: str
    key: str
    body: Any
    log: Engine | None = None
    database: MySql | None = None
    problems: tuple[str, ...] = ()

    def rows_since(self, moment: datetime) -> int:
        """The predictions that were logged from a moment on (UTC)."""
        assert self.log is not None
        logged = select(func.count()).where(predictions.c.created_at >= moment)
        with self.log.connect() as connection:
            return int(connection.execute(logged).scalar_one())


class Start(Protocol):
    """Runs a subject for the block: settings of the registry, a folder of its own, and the workers it may have."""

    def __call__(self, settings: Settings, folder: Path, workers: int) -> AbstractContextManager[Subject]: ...


@contextmanager
def floor(settings: Settings, folder: Path, workers: int) -> Iterator[Subject]:
    """An empty handler, served as the service is."""
    own = on_port(settings, folder)
    service = service_of(own, workers)
    command = (program("python"), "-m", "benchmarks.serving.floor", str(own.port("api")), str(workers))
    environment = {**service.environment, "PYTHONPATH": str(ROOT)}
    with running(replace(service, name="floor", command=command, environment=environment), Folders.of(own)):
        yield Subject(f"{own.url('api')}/predict", key_of(own), PATIENT)


@contextmanager
def mlflow_models_serve(settings: Settings, folder: Path, workers: int) -> Iterator[Subject]:
    """MLflow's own server of the same version, in this environment."""
    own = on_port(settings, folder)
    environment = service_of(own, workers).environment
    options = (f"--port={own.port('api')}", f"--workers={workers}", "--env-manager=local")
    uri = f"models:/{settings.model_name}@{settings.model_alias}"
    service = Service(
        name="mlflow-models-serve",
        command=(program("mlflow"), "models", "serve", f"--model-uri={uri}", *options),
        environment={**environment, "PATH": f"{_PROGRAMS}:{environment['PATH']}"},
        folder=folder,
        log=Folders.of(own).logs / "mlflow-models-serve.log",
        healthy=lambda: answers(f"{own.url('api')}/ping"),
    )
    row = model_row(complete_request(PATIENT))
    body = {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}}
    with running(service, Folders.of(own)):
        yield Subject(f"{own.url('api')}/invocations", key_of(own), body)


@contextmanager
def on_sqlite(settings: Settings, folder: Path, workers: int) -> Iterator[Subject]:
    """The service with SQLite files."""
    own = on_port(settings, folder)
    initialise(own)
    with running(service_of(own, workers), Folders.of(own)):
        yield Subject(
            f"{own.url('api')}/predict", key_of(own), PATIENT, engine_for(own, "RAW_DATA"), problems=problems(own)
        )


@contextmanager
def with_shadow(settings: Settings, folder: Path, workers: int) -> Iterator[Subject]:
    """The same with a second version of the same files scored beside each prediction."""
    registry, name = client(settings), settings.model_name
    source = str(registry.get_model_version_by_alias(name, settings.model_alias).source)
    second = registry.create_model_version(name, source, model_id=source.removeprefix("models:/"))
    registry.set_registered_model_alias(name, CHALLENGER, second.version)
    with on_sqlite(settings.model_copy(update={"shadow_alias": CHALLENGER}), folder, workers) as subject:
        _wait_for_the_shadow(subject)
        yield subject


def _wait_for_the_shadow(subject: Subject) -> None:
    """Asks until a prediction has one."""
    assert subject.log is not None
    scored = select(func.count()).where(predictions.c.shadow_probability.is_not(None))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        httpx.post(subject.url, json=subject.body, headers={"X-API-Key": subject.key})
        with subject.log.connect() as connection:
            if connection.execute(scored).scalar_one():
                return
    raise TimeoutError("nothing was scored by a shadow within a minute")


@contextmanager
def on_mysql(settings: Settings, folder: Path, workers: int) -> Iterator[Subject]:
    """The service with the MySQL of Compose, as its own account."""
    with mysql(folder, settings) as database:
        own = database.settings(on_port(settings, folder), "api")
        with running(service_of(own, workers), Folders.of(own)):
            engine = database.engine("api")
            yield Subject(f"{own.url('api')}/predict", key_of(own), PATIENT, engine, database, problems(own))


def on_port(settings: Settings, folder: Path) -> Settings:
    """The settings, with a folder and a port of its own for one service."""
    return settings.model_copy(update={"state_dir": folder / "var", "port_offset": 0, "api_port": free_port()})


def key_of(settings: Settings) -> str:
    """The key that the service is asked with: the form's."""
    return settings.form_api_key.get_secret_value()


def service_of(settings: Settings, workers: int) -> Service:
    """The service as the embedded platform declares it, which is how its image starts it; it asks for a key."""
    put_forms(settings.keys_file, key_of(settings))
    declared = serving.api(settings)
    return replace(declared, environment={**declared.environment, "API_WORKERS": str(workers)})
