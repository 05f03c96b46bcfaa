"""Who may what: the prediction service reads, the pipeline writes and deletes nothing, and nobody reaches the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from connections.model_registry import NOT_THERE, client
from connections.settings import Settings
from tests.integration.mlflow_server.conftest import API, As

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
Body = dict[str, Any]
Known = dict[str, str]
# What each request does, of a run, a model and its version that are there.
WRITES: dict[str, tuple[str, str, Callable[[Known], Body]]] = {
    "an experiment": ("POST", f"{API}/experiments/create", lambda _: {"name": "another"}),
    "a run": ("POST", f"{API}/runs/create", lambda known: {"experiment_id": known["experiment"]}),
    "a metric": (
        "POST", f"{API}/runs/log-metric", lambda known: {**_run(known), "key": "f1", "value": 1, "timestamp": 0},
    ),
    "a param": ("POST", f"{API}/runs/log-parameter", lambda known: {**_run(known), "key": "seed", "value": "1"}),
    "a batch": ("POST", f"{API}/runs/log-batch", lambda known: {**_run(known), "tags": [{"key": "a", "value": "b"}]}),
    "a run's tag": ("POST", f"{API}/runs/set-tag", lambda known: {**_run(known), "key": "a", "value": "b"}),
    "a run's end": ("POST", f"{API}/runs/update", lambda known: {**_run(known), "status": "FINISHED"}),
    "an experiment's tag": (
        "POST", f"{API}/experiments/set-experiment-tag",
        lambda known: {"experiment_id": known["experiment"], "key": "a", "value": "b"},
    ),
    "a logged model": (
        "POST", f"{API}/logged-models", lambda known: {"experiment_id": known["experiment"], "name": "m"},
    ),
    "a registered model": ("POST", f"{API}/registered-models/create", lambda _: {"name": "another"}),
    "an alias": (
        "POST", f"{API}/registered-models/alias",
        lambda known: {"name": known["model"], "alias": "production", "version": "1"},
    ),
    "a version's tag": (
        "POST", f"{API}/model-versions/set-tag",
        lambda known: {"name": known["model"], "version": "1", "key": "a", "value": "b"},
    ),
    "a stage": (
        "POST", f"{API}/model-versions/transition-stage",
        lambda known: {"name": known["model"], "version": "1", "stage": "Production"},
    ),
    "a description": (
        "PATCH", f"{API}/model-versions/update",
        lambda known: {"name": known["model"], "version": "1", "description": "x"},
    ),
    "a file": ("PUT", f"{ARTIFACTS}/0/planted.txt", lambda _: {}),
}  # fmt: skip
DELETES: dict[str, tuple[str, str, Callable[[Known], Body]]] = {
    "the experiment": ("POST", f"{API}/experiments/delete", lambda known: {"experiment_id": known["experiment"]}),
    "the run": ("POST", f"{API}/runs/delete", lambda known: _run(known)),
    "a run's tag": ("POST", f"{API}/runs/delete-tag", lambda known: {**_run(known), "key": "kept"}),
    "the version": ("DELETE", f"{API}/model-versions/delete", lambda known: {"name": known["model"], "version": "1"}),
    "a version's tag": (
        "DELETE", f"{API}/model-versions/delete-tag",
        lambda known: {"name": known["model"], "version": "1", "key": "kept"},
    ),
    "the alias": (
        "DELETE", f"{API}/registered-models/alias", lambda known: {"name": known["model"], "alias": "kept"},
    ),
    "the model": ("DELETE", f"{API}/registered-models/delete", lambda known: {"name": known["model"]}),
    "the model's name": (
        "POST", f"{API}/registered-models/rename", lambda known: {"name": known["model"], "new_name": "x"},
    ),
    "the files": ("DELETE", f"{ARTIFACTS}/0", lambda _: {}),
}  # fmt: skip
# Parts of MLflow that call other servers, run something, or keep files elsewhere.
CLOSED = (
    ("POST", f"{API}/webhooks"), ("GET", f"{API}/webhooks"), ("POST", "/ajax-api/2.0/mlflow/webhooks/x/test"),
    ("POST", "/ajax-api/3.0/mlflow/gateway/endpoints/create"), ("POST", "/api/3.0/mlflow/gateway/secrets/create"),
    ("POST", "/gateway/x/mlflow/invocations"), ("POST", "/gateway/mlflow/v1/chat/completions"),
    ("GET", "/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=api"), ("POST", "/ajax-api/2.0/mlflow/gateway-proxy"),
    ("POST", "/ajax-api/3.0/jobs/"), ("POST", "/ajax-api/3.0/jobs/search"), ("GET", "/ajax-api/3.0/mlflow/jobs/x"),
    ("POST", "/v1/traces"), ("POST", f"{API}/traces"), ("POST", "/api/3.0/mlflow/traces"),
    ("GET", "/ajax-api/3.0/mlflow/get-trace-artifact?request_id=x"), ("POST", "/api/3.0/mlflow/traces/search"),
    ("POST", "/ajax-api/3.0/mlflow/assistant/message"), ("PUT", "/ajax-api/3.0/mlflow/assistant/config"),
    ("POST", "/ajax-api/3.0/mlflow/assistant/skills/install"), ("POST", "/api/3.0/mlflow/mcp-servers"),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact"), ("POST", "/ajax-api/2.0/mlflow/runs/create-promptlab-run"),
    ("POST", "/ajax-api/2.0/mlflow/artifacts/presigned-upload-url"), ("GET", "/api/2.0/mlflow-artifacts/presigned/x"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/create/x"), ("POST", "/api/3.0/mlflow/workspaces"),
    ("POST", "/api/3.0/mlflow/prompt-optimization/jobs"), ("POST", "/ajax-api/3.0/mlflow/scorer/invoke"),
    ("POST", "/api/3.0/mlflow/scorers/register"), ("POST", "/ajax-api/3.0/mlflow/genai/evaluate/invoke"),
    ("POST", "/ajax-api/3.0/mlflow/demo/generate"), ("POST", "/api/3.0/mlflow/datasets/create"),
    ("POST", "/api/3.0/mlflow/roles/create"), ("POST", "/ajax-api/2.0mlflow/experiments/search-datasets"),
    ("POST", "//api/2.0/mlflow/webhooks"), ("POST", "/api/2.0/mlflow//webhooks"), ("TRACE", "/"), ("OPTIONS", "/"),
)  # fmt: skip


def _run(known: Known) -> Body:
    return {"run_id": known["run"]}


@pytest.fixture(scope="module")
def known(server: Settings) -> Known:
    """The ids of a run, and the name of a model with one version, tags and an alias; made as the pipeline."""
    tracking = client(server)
    experiment = tracking.create_experiment("rights")
    run = tracking.create_run(experiment, tags={"kept": "yes"}).info.run_id
    model = tracking.create_logged_model(experiment, name="rights")
    tracking.create_registered_model("rights")
    version = tracking.create_model_version("rights", f"models:/{model.model_id}", model_id=model.model_id)
    tracking.set_model_version_tag("rights", version.version, "kept", "yes")
    tracking.set_registered_model_alias("rights", "kept", version.version)
    return {"experiment": experiment, "run": run, "model": "rights", "logged": model.model_id}


def _all(tracking: MlflowClient, known: Known) -> dict[str, Any]:
    """All that these requests could change."""
    run, version = tracking.get_run(known["run"]), tracking.get_model_version(known["model"], "1")
    model = tracking.get_registered_model(known["model"])
    return {
        "experiments": sorted(one.name for one in tracking.search_experiments()),
        "experiment": dict(tracking.get_experiment(known["experiment"]).tags),
        "runs": len(tracking.search_runs([known["experiment"]])),
        "run": (run.info.status, run.data.to_dictionary()),
        "models": sorted(one.name for one in tracking.search_registered_models()),
        "model": (dict(model.aliases), model.description),
        "version": (dict(version.tags), version.current_stage, version.description),
        "logged": len(tracking.search_logged_models([known["experiment"]])),
    }


@pytest.mark.parametrize("change", [*WRITES, *(f"removes {what}" for what in DELETES)])
def test_the_prediction_service_changes_nothing(as_: As, server: Settings, known: Known, change: str) -> None:
    before = _all(client(server), known)
    method, path, body = WRITES.get(change) or DELETES[change.removeprefix("removes ")]
    for asked in (path, path.replace("/api/", "/ajax-api/")):
        answer = as_("api").ask(method, asked, body(known))
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert _all(client(server), known) == before
    assert as_("api").ask("GET", f"{ARTIFACTS}/0/planted.txt").status_code != 200


@pytest.mark.parametrize("what", DELETES)
def test_the_pipeline_deletes_nothing(as_: As, server: Settings, known: Known, what: str) -> None:
    before = _all(client(server), known)
    method, path, body = DELETES[what]
    answer = as_("pipeline").ask(method, path, body(known))
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "the account pipeline may not do what is the admin's",
    )
    assert _all(client(server), known) == before


@pytest.mark.parametrize("account", ["admin", "pipeline", "api"])
def test_what_is_not_there_is_told_to_everybody_as_such(as_: As, known: Known, account: str) -> None:
    for name in ("none", known["model"]):
        alias = as_(account).ask("GET", f"{API}/registered-models/alias?alias=none&name={name}")
        version = as_(account).ask("GET", f"{API}/model-versions/get?version=7&name={name}")
        assert {one.json()["error_code"] for one in (alias, version)} <= set(NOT_THERE)


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("account", ["admin", "pipeline", "api"])
def test_nobody_reaches_what_the_platform_does_not_use(as_: As, account: str, method: str, path: str) -> None:
    answer = as_(account).ask(method, path, {} if method != "GET" else None)
    assert answer.status_code == 404 and "no such part here" in answer.json()["message"]


# The last one: it changes what is there.
@pytest.mark.parametrize("change", WRITES)
def test_the_pipeline_writes_what_it_makes(as_: As, known: Known, change: str) -> None:
    method, path, body = WRITES[change]
    answer = as_("pipeline").ask(method, path, body(known))
    assert answer.status_code == 200, answer.text
