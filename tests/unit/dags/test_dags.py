"""The DAGs as Airflow parses them: ids, task graphs, retries, params, schedules, and that parsing stays light."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

DAGS = ROOT / "dags"
FILES = sorted(DAGS.glob("*.py"))
IN_ORDER = ("crear_bases_si_no_existen", "cargar_datos", "preprocesar_datos", "entrenar_modelo", "revertir_modelo")
HEAVY = {"pandas", "polars", "numpy", "sklearn", "mlflow", "sqlalchemy", "onnxruntime", "matplotlib", "pyarrow"}

# Run by a Python of its own: Airflow reads its environment when it is imported, and warns of much.
PARSE = """
import json, sys
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.serialized_objects import DagSerialization
from pathlib import Path
folder = Path(sys.argv[1])
bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
described = {name: {
    "file": Path(dag.fileloc).name,
    "schedule": [asset.name for asset in getattr(getattr(dag.timetable, "asset_condition", None), "objects", [])],
    "max_active_runs": dag.max_active_runs,
    "catchup": dag.catchup,
    "tags": sorted(dag.tags),
    "doc": dag.doc_md,
    "display_name": dag.dag_display_name,
    "paused": dag.is_paused_upon_creation,
    "params": {param: dag.params.get_param(param).dump() for param in dag.params},
    "tasks": {task.task_id: {
        "retries": task.retries,
        "delay": task.retry_delay.total_seconds(),
        "after": sorted(task.upstream_task_ids),
        "rule": task.trigger_rule.value,
        "mapped": task.is_mapped,
        "outlets": [asset.name for asset in task.outlets],
        "teardown": task.on_failure_fail_dagrun if task.is_teardown else None,
        "says_why": bool(task.on_failure_callback) and bool(task.on_retry_callback),
    } for task in dag.tasks},
} for name, dag in bag.dags.items()}
for dag in bag.dags.values():
    DagSerialization.serialize_dag(dag)
print(json.dumps({"errors": bag.import_errors, "dags": described}), file=open(sys.argv[2], "w"))
"""
LIGHT = """
import airflow.sdk, importlib, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(" ".join({name.split(".")[0] for name in set(sys.modules) - before}))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An Airflow of the tests' own, which touches no home and no database."""
    home = tmp_path_factory.mktemp("airflow")
    return {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": os.pathsep.join((str(DAGS), str(DAGS.parent))),
    }


@pytest.fixture(scope="module")
def parsed(environment: dict[str, str]) -> dict[str, Any]:
    answer = Path(environment["AIRFLOW_HOME"]) / "parsed.json"
    command = [sys.executable, "-c", PARSE, str(DAGS), str(answer)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3_000:]
    found: dict[str, Any] = json.loads(answer.read_text())
    assert found["errors"] == {}
    return found["dags"]  # type: ignore[no-any-return]


def defaults(dag: dict[str, Any]) -> dict[str, Any]:
    return {name: param["value"] for name, param in dag["params"].items()}


def test_the_ids_and_their_files(parsed: dict[str, Any]) -> None:
    assert {name: dag["file"] for name, dag in parsed.items()} == {
        "crear_bases_si_no_existen": "carga_datos.py",
        "cargar_datos": "carga_datos.py",
        "preprocesar_datos": "preprocesar_datos.py",
        "entrenar_modelo": "train_model.py",
        "revertir_modelo": "revertir_modelo.py",
    }


def test_the_task_graphs(parsed: dict[str, Any]) -> None:
    graph = {name: {task: of["after"] for task, of in dag["tasks"].items()} for name, dag in parsed.items()}
    assert graph == {
        "crear_bases_si_no_existen": {"crear_bases": []},
        "cargar_datos": {"cargar_csv": []},
        "preprocesar_datos": {"preparar": []},
        "entrenar_modelo": {
            "abrir_entrenamiento": [],
            "lotes": ["abrir_entrenamiento"],
            "entrenar_lote": ["abrir_entrenamiento", "lotes"],
            "seleccionar_modelo": ["abrir_entrenamiento", "entrenar_lote"],
            "cerrar_entrenamiento": ["abrir_entrenamiento", "seleccionar_modelo"],
        },
        "revertir_modelo": {"revertir": []},
    }


def test_training_is_one_mapped_task_and_selection_runs_whatever_becomes_of_it(parsed: dict[str, Any]) -> None:
    tasks = parsed["entrenar_modelo"]["tasks"]
    assert [name for name, task in tasks.items() if task["mapped"]] == ["entrenar_lote"]
    assert tasks["seleccionar_modelo"]["rule"] == "all_done_min_one_success"
    assert {tasks[name]["rule"] for name in ("lotes", "entrenar_lote")} == {"all_success"}


def test_a_teardown_closes_the_training_and_decides_how_its_run_ends(parsed: dict[str, Any]) -> None:
    """Without it a run that a person marks as failed would leave its data in use; with one that counts for nothing it
    would end as a success, since what was not started then is skipped."""
    teardowns = {name: task["teardown"] for dag in parsed.values() for name, task in dag["tasks"].items()}
    assert {name: fails for name, fails in teardowns.items() if fails is not None} == {"cerrar_entrenamiento": True}


def test_the_dags_are_listed_in_their_order(parsed: dict[str, Any]) -> None:
    """Airflow's pages sort by display name."""
    listed = sorted(parsed, key=lambda name: parsed[name]["display_name"])
    assert listed == list(IN_ORDER)
    assert all(parsed[name]["display_name"].endswith(f" · {name}") for name in listed)


def test_every_param_has_help_in_the_trigger_form(parsed: dict[str, Any]) -> None:
    told = {f"{name}.{param}": found for name, dag in parsed.items() for param, found in dag["params"].items()}
    assert len(told) > 10
    assert [name for name, param in told.items() if len((param["description"] or "").split()) < 3] == []
    titled = [name for name in told if not name.startswith("cargar_datos.")]
    assert [name for name in titled if not told[name]["schema"].get("title")] == []


def test_a_task_that_fails_ends_its_log_with_the_reason(parsed: dict[str, Any]) -> None:
    assert {task["says_why"] for dag in parsed.values() for task in dag["tasks"].values()} == {True}


def test_schedules_and_outlets_make_a_chain(parsed: dict[str, Any]) -> None:
    assert {name: dag["schedule"] for name, dag in parsed.items()} == {
        "crear_bases_si_no_existen": [],
        "cargar_datos": [],
        "preprocesar_datos": ["RAW_DATA.initial_data"],
        "entrenar_modelo": ["CLEAN_DATA.train_data"],
        "revertir_modelo": [],
    }
    outlets = {name: task["outlets"] for dag in parsed.values() for name, task in dag["tasks"].items()}
    assert {name: assets for name, assets in outlets.items() if assets} == {
        "cargar_csv": ["RAW_DATA.initial_data"],
        "preparar": ["CLEAN_DATA.train_data"],
    }


def test_every_task_is_retried_twice_after_ten_seconds(parsed: dict[str, Any]) -> None:
    retries = {(task["retries"], task["delay"]) for dag in parsed.values() for task in dag["tasks"].values()}
    assert retries == {(2, 20.0)}


def test_one_run_at_a_time_no_catchup_and_paused_until_a_person_activates_it(parsed: dict[str, Any]) -> None:
    for dag in parsed.values():
        assert (dag["max_active_runs"], dag["catchup"]) == (1, False)
        assert dag["paused"] in (None, True)  # None: Airflow's own default, which is paused


def test_each_dag_explains_itself(parsed: dict[str, Any]) -> None:
    for place, name in enumerate(IN_ORDER, start=1):
        assert parsed[name]["doc"].strip().startswith(f"### {place} · ")
        assert len(parsed[name]["doc"].split()) > 15
        assert parsed[name]["tags"] == [str(place), "readmission"]


def test_the_params_are_those_of_the_platforms_models(parsed: dict[str, Any]) -> None:
    from readmission.params import LoadParams, PrepareParams, TrainParams

    assert defaults(parsed["preprocesar_datos"]) == PrepareParams().model_dump()
    assert defaults(parsed["entrenar_modelo"]) == TrainParams().model_dump()
    assert defaults(parsed["cargar_datos"]) == LoadParams().model_dump()
    assert defaults(parsed["crear_bases_si_no_existen"]) == {}


def test_a_rollback_asks_for_a_reason(parsed: dict[str, Any]) -> None:
    """One without is refused when it is triggered: there is no default."""
    params = parsed["revertir_modelo"]["params"]
    assert set(params) == {"version", "reason"}
    assert (params["version"]["value"], params["reason"]["value"]) == (None, None)
    assert (params["reason"]["schema"]["type"], params["reason"]["schema"]["minLength"]) == ("string", 3)


def test_the_trigger_form_checks_params_as_the_models_do(parsed: dict[str, Any]) -> None:
    target = parsed["preprocesar_datos"]["params"]["target"]
    assert target["schema"]["enum"] == ["lt30", "any"] and "30 days" in target["description"]
    depth = parsed["entrenar_modelo"]["params"]["max_depth"]["schema"]
    assert (depth["type"], depth["minimum"], depth["maximum"]) == (["integer", "null"], 1, 200)
    features = parsed["entrenar_modelo"]["params"]["max_features"]["schema"]
    assert (features["exclusiveMinimum"], features["maximum"]) == (0, 1)
    assert parsed["preprocesar_datos"]["params"]["batch_size"]["schema"]["minimum"] == 500


def test_every_param_of_a_load_has_a_title_and_says_what_it_does(parsed: dict[str, Any]) -> None:
    params = parsed["cargar_datos"]["params"]
    assert set(params) == {"source", "force", "allow_shrink"}
    for name, param in params.items():
        assert len(param["description"].split()) > 5, name
        assert param["schema"]["title"].lower() != name.replace("_", " "), "a title of its own, not the name"
    assert params["source"]["schema"]["type"] == ["string", "null"]
    assert "under half" in params["allow_shrink"]["description"]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dags_hold_wiring_only(path: Path) -> None:
    """No data frames and no SQL: those are the domain's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {"airflow", "connections", "readmission", "wiring", "pydantic"}
    assert set(imports(tree)) <= allowed | set(sys.stdlib_module_names)
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [
        text for text in texts if text.lstrip().upper().startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE "))
    ]


def test_parsing_the_dags_imports_nothing_heavy(environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", LIGHT, *(path.stem for path in FILES)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"readmission", *(path.stem for path in FILES)} <= loaded
    assert not HEAVY & loaded
