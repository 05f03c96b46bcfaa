"""The service follows the registry: no model, a first one, another one, a broken one, none, and no registry."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from connections.model_registry import client, registered
from connections.settings import Settings
from readmission.features import CONTRACT_VERSION, MODEL_FIELDS
from readmission.inference import FOREST_FILE
from tests.conftest import Poll
from tests.free_ports import free_port
from tests.integration.app_back.conftest import Api
from tests.integration.app_back.promoted import put_in_production
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import api_log, own_settings, running_api
from tests.mlflow_admin import mlflow_admin
from tests.relay import relay


def version(http: httpx.Client) -> str | None:
    """The version that answers a prediction, or None while there is none."""
    answer = http.post("/predict", json={})
    return str(answer.json()["model_version"]) if answer.status_code == 200 else None


def test_the_model_is_described(api: Api) -> None:
    found = api.http.get("/model").json()
    assert (found["name"], found["version"]) == (api.settings.model_name, api.registered.version)
    assert (found["dataset"], found["target"]) == ("synthetic", "lt30")
    assert found["metrics"] == {"val_f1": 0.27}
    assert found["tags"]["batch_id"] == "3"
    assert found["contract_version"] == CONTRACT_VERSION
    assert found["features"] == [field.name for field in MODEL_FIELDS if not field.history]
    assert (found["source"], found["registry_problem"]) == ("registry", None)


def test_a_version_that_was_made_without_a_card_says_so(api: Api) -> None:
    answer = api.http.get("/model/card")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_card")
    assert 0 < api.http.get("/model").json()["capacity_threshold"] < 1


def test_tags_written_later_are_seen(api: Api, poll: Poll) -> None:
    client(api.settings).set_model_version_tag(
        api.settings.model_name, api.registered.version, "promotion", "promoted: the first version"
    )
    loaded_at = api.http.get("/model").json()["loaded_at"]
    poll(lambda: "promotion" in api.http.get("/model").json()["tags"])
    assert api.http.get("/model").json()["loaded_at"] == loaded_at


def test_the_service_follows_the_alias_without_a_restart(stores: Settings, tmp_path: Path, poll: Poll) -> None:
    settings = own_settings(stores, tmp_path, "seguido")
    tracking = client(settings)
    with running_api(settings) as http:
        poll(lambda: "crear_bases_si_no_existen" in http.post("/predict", json={}).text)
        answer = http.post("/predict", json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_model")
        assert http.get("/health").status_code == 200
        assert "model: no model is in production yet" in http.get("/health/ready").json()["error"]["message"]

        first = register(settings, tmp_path / "1", seed=1).version
        poll(lambda: version(http) == first)
        one = http.post("/predict", json={}).json()["probability"]
        second = register(settings, tmp_path / "2", seed=2, dataset="real").version
        poll(lambda: version(http) == second)
        assert http.post("/predict", json={}).json()["dataset"] == "real"
        assert http.post("/predict", json={}).json()["probability"] != one

        # By hand, in MLflow: it was followed within five seconds, once.
        tracking.set_registered_model_alias(settings.model_name, settings.model_alias, first)
        poll(lambda: http.get("/model").json()["registry_problem"])
        told = http.get("/model").json()
        assert (told["version"], told["promotion"]["version"], told["promotion"]["previous"]) == (second, second, first)
        assert told["registry_problem"].startswith(f"version {first} of modelo_seguido is refused: it was promoted at ")
        poll(lambda: 'readmission_model_refused{why="not_promoted"} 1.0' in http.get("/metrics").text)
        assert version(http) == second
        put_in_production(settings, registered(tracking.get_model_version(settings.model_name, first)))
        poll(lambda: version(http) == first)
        assert http.post("/predict", json={}).json()["probability"] == one

        with mlflow_admin(settings) as admin:
            admin.delete_registered_model_alias(settings.model_name, settings.model_alias)
        poll(lambda: version(http) is None)
        said = http.post("/predict", json={}).json()["error"]["message"]
        assert said == (
            "no model is in production: no version of modelo_seguido has the alias production; give it to one with "
            f"`readmission promote VERSION` (the latest is {second})"
        )
        assert said in http.get("/health/ready").json()["error"]["message"]
    assert "Traceback" not in api_log(settings)


def test_a_version_with_damaged_files_leaves_the_old_one_in_place(stores: Settings, tmp_path: Path, poll: Poll) -> None:
    settings = own_settings(stores, tmp_path, "danado")
    first = register(settings, tmp_path / "1").version
    with running_api(settings) as http:
        poll(lambda: version(http) == first)
        second = register(settings, tmp_path / "2", damage=FOREST_FILE).version
        poll(lambda: http.get("/model").json()["registry_problem"])
        assert version(http) == first
        problem = http.get("/model").json()["registry_problem"]
        assert problem.startswith(f"version {second} of modelo_danado is refused: {FOREST_FILE} is not the file")
        third = register(settings, tmp_path / "3", seed=3).version
        poll(lambda: version(http) == third)
        assert http.get("/model").json()["registry_problem"] is None
    # Once, however many looks. One that falls between a promotion's record and its alias refuses for another reason.
    assert api_log(settings).count(f"is refused: {FOREST_FILE} is not the file") == 1


def test_the_service_answers_without_mlflow_and_follows_it_when_it_is_back(
    stores: Settings, tmp_path: Path, poll: Poll
) -> None:
    settings = own_settings(stores, tmp_path, "solo")
    way, mlflow = free_port(), urlsplit(stores.tracking_uri).port
    assert mlflow is not None
    settings = settings.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{way}"})
    with running_api(settings) as http:
        poll(lambda: "no model answers yet" in api_log(settings))
        assert "model: no model is loaded yet: MLflow " in http.get("/health").json()["error"]["message"]
        assert http.get("/health/live").status_code == 200
        with relay(way, mlflow):
            first = register(settings, tmp_path / "1").version
            poll(lambda: version(http) == first)
        poll(lambda: http.get("/model").json()["registry_problem"])
        assert version(http) == first
        assert http.get("/health").status_code == http.get("/health/ready").status_code == 200
        with relay(way, mlflow):
            second = register(settings, tmp_path / "2", seed=2).version
            poll(lambda: version(http) == second)
            assert http.get("/model").json()["registry_problem"] is None
            logged = api_log(settings)
    assert logged.count("MLflow does not give the version in production") == 2
    assert logged.count("no model answers yet") == logged.count("the loaded version stays") == 1


def test_nothing_of_a_download_is_left_and_nobody_reports_home(stores: Settings, tmp_path: Path, poll: Poll) -> None:
    settings = own_settings(stores, tmp_path, "limpio")
    registered = register(settings, tmp_path / "files")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with running_api(settings, scratch) as http:
        poll(lambda: version(http) == registered.version)
        # ONNX Runtime's telemetry would have left its session here.
        assert list(scratch.iterdir()) == []
