"""Where artifacts are is the server's alone: nobody has it read or write a file elsewhere, the admin as little."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from connections.model_registry import RegisteredVersion, client, location
from connections.settings import MLflowAccount, Settings
from readmission.local.service import Folders
from readmission.training.mlflow_runs import open_run
from tests.integration.mlflow_server.conftest import API, As
from tests.mlflow_admin import login_of

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
WRITERS: tuple[MLflowAccount, ...] = ("pipeline", "admin")
MODEL = "m-" + "0" * 32
PLACES = (
    "file:///opt/airflow/dags", "file:/opt/airflow/dags", "FILE:///opt/dags", "/opt/airflow/dags", "dags", "./dags",
    "s3://foreign/bucket", "http://evil.example/put", "mlflow-artifacts://evil.example/x", "mlflow-artifacts:/../../x",
    "mlflow-artifacts:/0", "dbfs:/x", "ftp://evil.example/x", "gs://foreign", " ",
)  # fmt: skip
SOURCES = (
    *PLACES,
    "runs:/{run}/model", "models:/other/1", "models:/{model}/../../x", "models:/{model}\n",
    "models://evil.example/{model}", "x models:/{model}", "mlflow-artifacts:/{experiment}/models/{model}/artifacts",
)  # fmt: skip
OUTSIDE = ("../planted.py", "0/../../planted.py", "..%2f..%2fplanted.py", "%2e%2e/planted.py", "%252e%252e/planted.py",
           "/etc/planted.py", "0//planted.py", "0/./planted.py", "..%5cplanted.py", "0/%00planted.py",
           "%2fetc/planted.py", "0/..")  # fmt: skip


def _bodies(place: str) -> tuple[Any, ...]:
    """An experiment with a place, in each form that MLflow reads."""
    named: dict[str, str] = {"name": "placed", "artifact_location": place}
    return named, {"name": "placed", "artifactLocation": place}, json.dumps(named)


@pytest.mark.parametrize("account", WRITERS)
@pytest.mark.parametrize("place", PLACES)
def test_no_experiment_names_its_place(as_: As, server: Settings, account: str, place: str) -> None:
    for path in (f"{API}/experiments/create", "/ajax-api/2.0/mlflow/experiments/create"):
        for body in _bodies(place):
            answer = as_(account).ask("POST", path, body)
            assert answer.status_code == 400 and "the server's to say" in answer.json()["message"], body
    assert client(server).get_experiment_by_name("placed") is None


@pytest.fixture(scope="module")
def known(server: Settings) -> dict[str, str]:
    """The ids of an experiment, a run and a logged model of the pipeline's, and the name of a registered model."""
    tracking = client(server)
    experiment = tracking.create_experiment("placed-sources")
    run = tracking.create_run(experiment).info.run_id
    model = tracking.create_logged_model(experiment, name="placed").model_id
    return {
        "experiment": experiment,
        "run": run,
        "model": model,
        "name": tracking.create_registered_model("placed").name,
    }


@pytest.mark.parametrize("account", WRITERS)
@pytest.mark.parametrize("source", SOURCES)
def test_no_version_is_of_files_elsewhere(
    as_: As, server: Settings, known: dict[str, str], account: str, source: str
) -> None:
    named = {"name": known["name"], "source": source.format(**known)}
    prompt = {"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    for more in ({}, {"model_id": known["model"]}, {"run_id": known["run"]}, prompt):
        answer = as_(account).ask("POST", f"{API}/model-versions/create", named | more)
        assert answer.status_code == 400 and "the server's to say" in answer.json()["message"]
    assert client(server).search_model_versions(f"name = '{known['name']}'") == []


@pytest.mark.parametrize("account", WRITERS)
@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_is_written_or_read_outside(as_: As, server: Settings, account: str, path: str) -> None:
    for method in ("PUT", "GET", "DELETE"):
        assert as_(account).status_of(method, f"{ARTIFACTS}/{path}", b"x" * 9) == 403
    assert list(server.state_dir.rglob("planted.py")) == [] and not Path("/etc/planted.py").exists()


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_is_listed_outside(as_: As, path: str) -> None:
    asked = (f"{ARTIFACTS}?path=", f"{API}/artifacts/list?run_id=x&path=", "/get-artifact?run_uuid=x&path=",
             "/model-versions/get-artifact?name=x&version=1&path=",
             f"/ajax-api/2.0/mlflow/logged-models/{MODEL}/artifacts/files?artifact_file_path=",
             f"{API}/logged-models/{MODEL}/artifacts/directories?artifact_directory_path=")  # fmt: skip
    assert {place: as_("admin").status_of("GET", place + path) for place in asked} == dict.fromkeys(asked, 403)


@pytest.mark.parametrize("query", ["mlflowListArtifacts", "mlflowGetRun"])
def test_the_pages_own_questions_lead_nowhere_else(as_: As, server: Settings, query: str) -> None:
    run = client(server).create_run(client(server).create_experiment(f"asked-{query}")).info.run_id
    asked = f'{{ {query}(input: {{runId: "{run}", path: "../../mlflow.db"}}) {{ apiError {{ message }} }} }}'
    assert "mlflow.db" not in str(as_("admin").ask("POST", "/graphql", {"query": asked}).json().get("data"))


@pytest.fixture(params=WRITERS)
def attacker(server: Settings, request: pytest.FixtureRequest) -> Iterator[MlflowClient]:
    """A client of MLflow's own, with a login that may write, which trusts what it is told of places."""
    name, password = login_of(server, request.param)
    login = {"mlflow_tracking_username": name, "mlflow_tracking_password": password}
    yield client(Settings(**{**server.model_dump(), **login}))
    client(server)


def test_a_dag_is_not_planted_by_an_experiment(attacker: MlflowClient, tmp_path: Path) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    with pytest.raises(MlflowException, match="the server's to say"):
        attacker.create_experiment("planted", artifact_location=dags.as_uri())
    run = attacker.create_run(attacker.create_experiment(f"planted by {tmp_path.name}"))
    with pytest.raises(MlflowException):
        attacker.log_text(run.info.run_id, "planted", "../../../dags/planted.py")
    attacker.log_text(run.info.run_id, "kept", "kept.py")
    assert list(dags.iterdir()) == [] and run.info.artifact_uri.startswith("mlflow-artifacts:/")


@pytest.fixture
def planted(server: Settings, tmp_path: Path) -> Settings:
    """Settings of an experiment that somebody made into a folder of the machine while MLflow asked for no login."""
    name = f"before-{tmp_path.name}"
    client(server).create_experiment(name)
    with closing(sqlite3.connect(Folders.of(server).of_service("mlflow") / "mlflow.db")) as database:
        placed = (tmp_path.as_uri(), name)
        database.execute("UPDATE experiments SET artifact_location = ? WHERE name = ?", placed)
        database.commit()
    return server.model_copy(update={"experiment": name})


def test_the_pipeline_writes_into_no_folder_that_was_planted_before(planted: Settings, tmp_path: Path) -> None:
    with pytest.raises(
        MlflowException, match=r"file:.* is no place of a store's: nothing of MLflow's is read or writt"
    ):
        open_run(client(planted), planted, "training", {})
    assert list(tmp_path.iterdir()) == []


def test_no_version_is_fetched_from_a_folder_that_was_planted_before(planted: Settings, tmp_path: Path) -> None:
    tracking, name = client(planted), f"before-{tmp_path.name}"
    experiment = tracking.get_experiment_by_name(name)
    assert experiment is not None
    model = tracking.create_logged_model(experiment.experiment_id, name="planted")
    tracking.create_registered_model(name)
    version = tracking.create_model_version(name, f"models:/{model.model_id}", model_id=model.model_id)
    with pytest.raises(MlflowException, match="is no place of a store's"):
        location(planted, RegisteredVersion(name, version.version, "", {}))
