"""The service under load while the registry changes, without it, and over a platform of before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

import httpx
import pytest
from alembic import command
from sqlalchemy import insert, select

from connections.model_registry import client
from connections.mysql_connections import create_databases, engine_for
from connections.settings import Settings, get_settings
from connections.tables import predictions
from readmission.clock import now
from readmission.storage.databases import initialise, migration_config
from tests.conftest import NOBODY_LISTENS, Poll
from tests.free_ports import free_offset
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.registry import register_as_before
from tests.integration.app_back.served import register_served, write_served
from tests.integration.app_back.servers import own_settings, running_api
from tests.integration.cli.shell import Shell

CLIENTS = 4
OLD_ID = "db6c108f-1eee-4271-9e98-1eab7f6c448b"


def version(http: httpx.Client) -> str | None:
    """The version that answers a prediction, or None while there is none."""
    answer = http.post("/predict", json={})
    return str(answer.json()["model_version"]) if answer.status_code == 200 else None


@contextmanager
def asked_all_the_time(address: httpx.URL) -> Iterator[list[tuple[int, str]]]:
    """Clients that post one prediction after the other; gives status and version of each."""
    answers: list[tuple[int, str]] = []
    done = Event()

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=60) as http:
            while not done.is_set():
                answer = http.post("/predict", json={})
                answers.append((answer.status_code, str(answer.json().get("model_version"))))

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask) for _ in range(CLIENTS)]
        try:
            yield answers
        finally:
            done.set()
        for task in asking:
            task.result()


def test_promotions_and_rollbacks_are_served_within_ten_seconds_without_a_failed_answer(
    stores: Settings, tmp_path: Path, poll: Poll
) -> None:
    settings = own_settings(stores, tmp_path, "rollback")
    settings = settings.model_copy(update={"model_poll_seconds": Settings().model_poll_seconds})
    first, second = (
        register_served(settings, write_served(tmp_path / f"files{seed}", seed), tmp_path / f"logged{seed}")
        for seed in (1, 2)
    )
    with running_api(settings) as http:
        poll(lambda: version(http) == second.version)
        with asked_all_the_time(http.base_url) as answers:
            for wanted in (first, second, first):
                put_in_production(settings, wanted)
                since = monotonic()
                poll(lambda wanted=wanted: http.get("/model").json()["version"] == wanted.version)  # type: ignore[misc]
                assert monotonic() - since < 10
        before = http.post("/predict", json={}).json()["probability"]
    assert {status for status, _ in answers} == {200}
    assert {told for _, told in answers} == {first.version, second.version}

    alone = settings.model_copy(update={"mlflow_tracking_uri": NOBODY_LISTENS, "port_offset": free_offset(settings)})
    with running_api(alone) as http:
        poll(lambda: version(http) == first.version)
        assert http.post("/predict", json={}).json()["probability"] == before
        told = http.get("/model").json()
        assert told["source"] == "disk"
        assert told["registry_problem"] == (
            "MLflow does not give the version in production (MlflowException); "
            f"version {first.version} answers from the copy on disk"
        )
        assert http.get("/health/ready").status_code == 200


def platform_of_before(settings: Settings) -> None:
    """The databases as the release before left them, with a prediction in its table."""
    create_databases(settings)
    with engine_for(settings, "RAW_DATA").begin() as connection:
        command.upgrade(migration_config(connection, "RAW_DATA"), "raw_0002")
        values = {
            "prediction_id": OLD_ID,
            "created_at": now(),
            "inputs": {"age": 65},
            "prediction": 0,
            "probability": 0.08,
            "threshold": 0.14,
            "model_name": settings.model_name,
            "model_version": "1",
            "dataset": "synthetic",
        }
        connection.execute(insert(predictions).values(values))


def test_a_platform_of_before_predicts_the_same_before_anything_is_trained_again(
    stores: Settings, tmp_path: Path, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stores.model_copy(
        update={"state_dir": tmp_path / "var", "model_name": "modelo_de_antes", "model_poll_seconds": 0.3}
    )
    settings = settings.model_copy(update={"port_offset": free_offset(settings)})
    platform_of_before(settings)
    registered = register_as_before(settings, tmp_path / "files")
    expected = float(registered.pipeline.predict_proba(registered.defaults())[0, 1])

    initialise(settings)  # as DAG and `readmission init` do
    with running_api(settings) as http:
        poll(lambda: "registry adopt" in http.post("/predict", json={}).text)
        said = Shell(settings, monkeypatch).run("registry", "adopt")
        get_settings.cache_clear()
        assert "version 1 of modelo_de_antes was adopted" in said
        poll(lambda: version(http) == registered.version)
        answer = http.post("/predict", json={}).json()
    assert answer["probability"] == pytest.approx(expected, abs=1e-6)
    assert len(client(settings).search_model_versions("name = 'modelo_de_antes'")) == 1
    with engine_for(settings, "RAW_DATA").connect() as connection:
        kept = dict(connection.execute(select(predictions.c.prediction_id, predictions.c.probability)).all())
    assert kept[OLD_ID] == 0.08
    assert kept[answer["prediction_id"]] == answer["probability"]
