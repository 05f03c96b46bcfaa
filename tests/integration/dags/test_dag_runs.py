"""The four DAGs in order through Airflow's `dag.test()`, on synthetic data and real stores."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connections.model_registry import client, production_version
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import experiments, loads
from readmission import synthetic
from readmission.clean import prepared_sets
from readmission.local import airflow
from readmission.local.service import Folders, program
from readmission.raw import ingest
from readmission.storage import leases
from tests.integration.pipeline import own_pipeline

pytestmark = pytest.mark.slow

RUNNER = Path(__file__).with_name("dag_runner.py")
ONCE = 1


@dataclass(frozen=True)
class Chain:
    """What came of the runs, in their order, and the settings that they ran with."""

    settings: Settings
    ran: list[dict[str, Any]]

    def tasks(self, place: int) -> dict[str, list[Any]]:
        """State and tries of each task of a run."""
        found: dict[str, list[Any]] = self.ran[place]["tasks"]
        return found


(
    BASES, LOAD, PREPARE, TRAIN, LOAD_AGAIN, PREPARE_AGAIN, TRAIN_AGAIN,
    LOAD_BROKEN, LOAD_FEW, TRAIN_BADLY, PREPARE_BADLY,
) = range(11)  # fmt: skip


@pytest.fixture(scope="module")
def chain(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The four DAGs by hand; then a load of the same file and what its asset starts; then what must fail."""
    folder = tmp_path_factory.mktemp("dags")
    settings = own_pipeline(stores, folder, "dags")
    broken = folder / "broken.csv"
    synthetic.write(broken, 500, seed=2)
    broken.write_text(broken.read_text().replace(",Female,", ",SENTINEL-7F3A,"))
    few = folder / "few.csv"
    synthetic.write(few, 500, seed=3)
    ran = run_dags(
        settings,
        [
            {"dag": "crear_bases_si_no_existen"},
            {"dag": "cargar_datos"},
            {"dag": "preprocesar_datos"},
            {"dag": "entrenar_modelo"},
            {"dag": "cargar_datos"},
            {"dag": "preprocesar_datos", "asset": True},
            {"dag": "entrenar_modelo", "asset": True},
            {"dag": "cargar_datos", "conf": {"source": str(broken)}},
            {"dag": "cargar_datos", "conf": {"source": str(few)}},
            {"dag": "entrenar_modelo", "conf": {"n_estimators": 10}},  # too few for every row to be out of bag
            {"dag": "preprocesar_datos", "conf": {"train_percent": 70}},
        ],
    )
    return Chain(settings, ran)


def run_dags(settings: Settings, wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs DAGs in an Airflow whose home and metadata database are new."""
    environment = airflow.environment(settings)
    home = Folders.of(settings).of_service("airflow")
    home.mkdir(parents=True)
    answers = home / "answers.json"
    for command, said in (
        ((program("airflow"), "db", "migrate"), None),
        ((sys.executable, str(RUNNER), str(answers)), json.dumps(wanted)),
    ):
        done = subprocess.run(command, env=environment, cwd=home, input=said, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-5_000:]
        said_of(settings).write_text(done.stdout + done.stderr)
    found: list[dict[str, Any]] = json.loads(answers.read_text())
    return found


def said_of(settings: Settings) -> Path:
    """All that Airflow and the tasks have logged."""
    return Folders.of(settings).of_service("airflow") / "said.log"


def test_the_four_dags_in_order_end_well(chain: Chain) -> None:
    by_hand = chain.ran[: TRAIN + 1]
    assert [run["dag"] for run in by_hand] == [
        "crear_bases_si_no_existen",
        "cargar_datos",
        "preprocesar_datos",
        "entrenar_modelo",
    ]
    assert {(run["state"], run["run_type"]) for run in by_hand} == {("success", "manual")}


def test_one_mapped_task_trains_each_batch(chain: Chain) -> None:
    batches = prepared_sets.current(chain.settings).batches
    assert len(batches) == 2
    mapped = {f"entrenar_lote[{place}]" for place in range(len(batches))}
    others = {"abrir_entrenamiento", "lotes", "seleccionar_modelo", "cerrar_entrenamiento"}
    assert chain.tasks(TRAIN).keys() == others | mapped
    assert set(map(tuple, chain.tasks(TRAIN).values())) == {("success", ONCE)}


def test_what_the_dags_leave_is_what_the_platform_needs(chain: Chain) -> None:
    settings = chain.settings
    load, prepared, version = (
        ingest.current_load(settings),
        prepared_sets.current(settings),
        production_version(settings),
    )
    assert load is not None and (load.rows, load.dataset) == (settings.synthetic_rows, "synthetic")
    assert prepared.load_id == load.load_id and prepared.params.batch_size == 15_000
    assert version is not None
    assert (version.tags["prepared_id"], version.tags["dataset"]) == (str(prepared.prepared_id), "synthetic")
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        rows = {row.batch_id: row.rows for row in connection.execute(select(experiments))}
    assert rows == prepared.batches | {0: sum(prepared.batches.values())}  # the vote of all batches


def test_each_step_publishes_its_asset(chain: Chain) -> None:
    events = [run["events"] for run in chain.ran]
    assert events[BASES] == {}
    assert events[LOAD] == {"RAW_DATA.initial_data": 1}
    assert events[PREPARE] == {"RAW_DATA.initial_data": 1, "CLEAN_DATA.train_data": 1}
    assert events[LOAD_AGAIN] == {"RAW_DATA.initial_data": 2, "CLEAN_DATA.train_data": 1}


def test_an_unchanged_file_is_not_loaded_again(chain: Chain) -> None:
    assert chain.ran[LOAD_AGAIN]["state"] == "success"
    with engine_for(chain.settings, "RAW_DATA").connect() as connection:
        outcomes = connection.execute(select(loads.c.outcome).order_by(loads.c.load_id)).scalars().all()
    assert outcomes == ["loaded", "unchanged", "failed", "failed"]


def test_a_run_that_an_asset_started_is_skipped_when_nothing_changed(chain: Chain) -> None:
    assert chain.ran[PREPARE_AGAIN]["run_type"] == "asset_triggered"
    assert chain.tasks(PREPARE_AGAIN) == {"preparar": ["skipped", ONCE]}
    assert chain.ran[PREPARE_AGAIN]["events"]["CLEAN_DATA.train_data"] == 1  # so that nothing is trained
    assert {state for state, _ in chain.tasks(TRAIN_AGAIN).values()} == {"skipped"}
    assert chain.ran[TRAIN_AGAIN]["state"] in ("success", "skipped")


def test_a_broken_file_fails_the_load_without_retries_and_changes_nothing(chain: Chain) -> None:
    assert chain.ran[LOAD_BROKEN]["state"] == "failed"
    assert chain.tasks(LOAD_BROKEN) == {"cargar_csv": ["failed", ONCE]}
    assert chain.ran[LOAD_BROKEN]["events"] == chain.ran[LOAD_AGAIN]["events"]
    load = ingest.current_load(chain.settings)
    assert load is not None and load.load_id == 1
    with engine_for(chain.settings, "RAW_DATA").connect() as connection:
        detail = connection.execute(select(loads.c.detail).where(loads.c.load_id == 3)).scalar_one()
    assert "column gender: a text of 13 characters is not allowed" in detail
    logged = said_of(chain.settings).read_text()
    assert "column gender: a text of 13 characters is not allowed" in logged
    assert "SENTINEL" not in detail + logged


def test_far_fewer_rows_fail_the_load_without_retries(chain: Chain) -> None:
    assert chain.ran[LOAD_FEW]["state"] == "failed"
    assert chain.tasks(LOAD_FEW) == {"cargar_csv": ["failed", ONCE]}
    with engine_for(chain.settings, "RAW_DATA").connect() as connection:
        detail = connection.execute(select(loads.c.detail).where(loads.c.load_id == 4)).scalar_one()
    assert "would leave 500 synthetic ones" in detail and "set the param allow_shrink" in detail


def test_when_every_batch_fails_the_dag_fails_and_production_stays(chain: Chain) -> None:
    tasks = chain.tasks(TRAIN_BADLY)
    assert chain.ran[TRAIN_BADLY]["state"] == "failed"
    assert [tasks[f"entrenar_lote[{place}]"] for place in (0, 1)] == [["failed", ONCE]] * 2
    assert tasks["seleccionar_modelo"] == tasks["cerrar_entrenamiento"] == ["failed", ONCE]
    version = production_version(chain.settings)
    assert version is not None and version.version == "1"
    leases.check_free(engine_for(chain.settings, "CLEAN_DATA"), leases.PREPARED_SET)


def test_params_that_do_not_fit_together_fail_at_once_and_change_nothing(chain: Chain) -> None:
    assert chain.ran[PREPARE_BADLY]["state"] == "failed"
    assert chain.tasks(PREPARE_BADLY) == {"preparar": ["failed", ONCE]}
    assert prepared_sets.current(chain.settings).params.train_percent == 80


def test_only_the_first_training_and_the_failed_one_left_runs(chain: Chain) -> None:
    tracking = client(chain.settings)
    experiment = tracking.get_experiment_by_name(chain.settings.experiment)
    assert experiment is not None
    trainings = tracking.search_runs([experiment.experiment_id], "tags.kind = 'training'")
    assert sorted(run.info.status for run in trainings) == ["FAILED", "FINISHED"]
    with engine_for(chain.settings, "CLEAN_DATA").connect() as connection:
        assert connection.execute(select(func.count()).select_from(experiments)).scalar_one() == 3
