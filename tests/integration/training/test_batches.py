"""One training from the prepared set to the registered version, on a real MLflow server."""

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import mlflow.artifacts
import numpy as np
import pytest
from mlflow.entities import LoggedModel, Run
from mlflow.tracking import MlflowClient
from sqlalchemy import Row, insert, select, text

from connections.model_registry import EXTRA_FILES, client, download_served_files, production_version
from connections.mysql_connections import database_lock, engine_for
from connections.settings import Settings
from connections.tables import experiments
from connections.tables import prepared_sets as prepared_records
from readmission.clean import prepare, prepared_sets
from readmission.errors import InUseError, NothingPreparedError, PreparedSetChangedError, TrainingError
from readmission.features import CATEGORIES, NUMBERS
from readmission.inference import Scorer
from readmission.local.service import Folders
from readmission.model.evaluation import RECORDED
from readmission.model.forest import inputs, positive
from readmission.model.mlflow_models import load_pipeline, signature
from readmission.registry import batch_models, promotion
from readmission.registry.batch_models import logged_model_id
from readmission.registry.descriptions import NOTE
from readmission.storage import leases
from readmission.storage.databases import initialise
from readmission.training import batches, selection
from readmission.training.mlflow_runs import open_run
from tests.integration.pipeline import BATCHES, FOREST, PREPARED, ROWS, Trained, copied, own_pipeline

PROVENANCE = {
    "source_sha256", "load_id", "prepared_id", "dataset", "target", "split_seed", "forest_seed", "git_revision",
    "batch_id", "version.scikit-learn", "version.python", "version.mlflow",
}  # fmt: skip


@pytest.fixture
def tracking(trained: Trained) -> MlflowClient:
    mlflow.set_tracking_uri(trained.settings.tracking_uri)
    return client(trained.settings)


@pytest.fixture
def parent(trained: Trained, tracking: MlflowClient) -> Run:
    return tracking.get_run(trained.plan.parent_run_id)


@pytest.fixture
def batch_runs(trained: Trained, tracking: MlflowClient) -> list[Run]:
    return batch_models.batch_runs(tracking, trained.plan.parent_run_id)


@pytest.fixture
def own(trained: Trained, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """The same prepared set, in databases that a test may change."""
    return copied(trained.settings, tmp_path, request.node.name)


def recorded(settings: Settings) -> dict[str, Row[Any]]:
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        return {row.run_id: row for row in connection.execute(select(experiments))}


def run_sql(settings: Settings, statement: str) -> None:
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(text(statement))


def lease_is_free(settings: Settings) -> bool:
    leases.check_free(engine_for(settings, "CLEAN_DATA"), leases.PREPARED_SET)
    return True


def logged_model(tracking: MlflowClient, run: Run) -> LoggedModel:
    return tracking.get_logged_model(logged_model_id(run))


def test_each_batch_is_a_finished_run_under_the_parent(trained: Trained, parent: Run, batch_runs: list[Run]) -> None:
    assert [run.data.tags["batch_id"] for run in batch_runs] == ["1", "2", "3"]
    assert {run.data.tags["mlflow.parentRunId"] for run in batch_runs} == {parent.info.run_id}
    assert {run.info.status for run in (*batch_runs, parent)} == {"FINISHED"}
    rows = prepared_sets.current(trained.settings).batches
    assert {int(run.data.tags["batch_id"]): run.data.metrics["rows"] for run in batch_runs} == rows
    assert len(rows) == BATCHES and sum(rows.values()) < ROWS


def test_runs_say_how_they_were_made(parent: Run, batch_runs: list[Run]) -> None:
    for run in (*batch_runs, parent):
        assert run.data.params["n_estimators"] == "30"
        assert run.data.params["prepare.batch_size"] == str(PREPARED.batch_size)
        assert run.data.params["prepare.seed"] == "5"
        tags = run.data.tags
        assert PROVENANCE - {"batch_id"} <= tags.keys()
        assert (tags["dataset"], tags["target"], tags["split_seed"]) == ("synthetic", "lt30", "5")
        assert len(tags["source_sha256"]) == 64


def test_the_metrics_are_those_of_the_model_on_the_prepared_rows(trained: Trained, batch_runs: list[Run]) -> None:
    for run in batch_runs:
        metrics = run.data.metrics
        pipeline = load_pipeline(f"models:/{logged_model_id(run)}")
        for split in ("val", "test"):
            rows = prepared_sets.read_split(trained.settings, split)
            truth, predicted = rows["target"].to_numpy(), pipeline.predict(inputs(rows))
            found = (predicted * truth).sum()
            assert metrics[f"{split}_precision"] == pytest.approx(found / predicted.sum())
            assert metrics[f"{split}_recall"] == pytest.approx(found / truth.sum())
            assert metrics[f"{split}_f1"] == pytest.approx(2 * found / (predicted.sum() + truth.sum()))
            assert metrics[f"{split}_accuracy"] == pytest.approx((predicted == truth).mean())
            assert metrics[f"{split}_brier"] == pytest.approx(((positive(pipeline, rows) - truth) ** 2).mean())
            assert metrics[f"{split}_base_brier"] == pytest.approx(truth.mean() * (1 - truth.mean()))
            assert 0.5 < metrics[f"{split}_roc_auc"] < 0.8 and 0 < metrics[f"{split}_pr_auc"] < 0.5
        assert metrics["threshold"] == pipeline["forest"].threshold_
        assert abs(metrics["out_of_bag_roc_auc"] - metrics["val_roc_auc"]) <= 0.04
        assert metrics["serving_difference"] <= 1e-6


def test_each_run_has_eight_figures_that_are_images(tracking: MlflowClient, batch_runs: list[Run]) -> None:
    kinds = ("calibration", "confusion", "pr", "roc")
    expected = {f"figures/{split}_{kind}.png" for split in ("val", "test") for kind in kinds}
    for run in batch_runs:
        assert {file.path for file in tracking.list_artifacts(run.info.run_id, "figures")} == expected
    path = tracking.download_artifacts(batch_runs[0].info.run_id, "figures/test_roc.png")
    assert Path(path).read_bytes().startswith(b"\x89PNG")


def test_the_experiments_table_says_what_mlflow_says(trained: Trained, batch_runs: list[Run]) -> None:
    rows = recorded(trained.settings)
    assert rows.keys() == {run.info.run_id for run in batch_runs}
    for run in batch_runs:
        row, metrics = rows[run.info.run_id], run.data.metrics
        assert (row.batch_id, row.rows) == (int(run.data.tags["batch_id"]), metrics["rows"])
        names = ["threshold", *(f"{split}_{metric}" for split in ("val", "test") for metric in RECORDED)]
        assert {name: getattr(row, name) for name in names} == {name: metrics[name] for name in names}


def test_the_models_have_their_names_and_hold_no_pickle(
    tracking: MlflowClient, parent: Run, batch_runs: list[Run]
) -> None:
    names = [logged_model(tracking, run).name for run in (*batch_runs, parent)]
    assert names == [*(f"modelo_entrenado_batch{batch}" for batch in (1, 2, 3)), "modelo_entrenado_final"]
    for run in (*batch_runs, parent):
        info = mlflow.models.get_model_info(f"models:/{logged_model_id(run)}")
        flavor = info.flavors["sklearn"]
        assert (flavor["serialization_format"], flavor["pickled_model"]) == ("skops", "model.skops")
        assert info.signature == signature()
        assert info.saved_input_example_info is not None


def test_the_signature_is_the_contracts() -> None:
    assert signature().inputs.input_names() == [*NUMBERS, *CATEGORIES]
    kinds = [str(kind) for kind in signature().inputs.input_types()]
    assert kinds == ["DataType.double"] * len(NUMBERS) + ["DataType.string"] * len(CATEGORIES)


def test_the_requirements_are_explicit_and_pinned(trained: Trained, tmp_path: Path) -> None:
    uri = f"models:/{trained.outcome.name}/{trained.outcome.version}/requirements.txt"
    lines = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path))).read_text().split()
    names = {line.partition("==")[0] for line in lines}
    assert {"scikit-learn", "skops", "numpy", "pandas"} <= names
    assert all("==" in line for line in lines)


def test_the_files_are_in_the_servers_folder(stores: Settings, tracking: MlflowClient, batch_runs: list[Run]) -> None:
    """The path is MLflow's to choose: it is asked for, and looked for on disk."""
    location = logged_model(tracking, batch_runs[0]).artifact_location.removeprefix("mlflow-artifacts:/")
    folder = Folders.of(stores).of_service("mlflow") / "artifacts" / location.strip("/")
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    served = {f"{EXTRA_FILES}/forest.onnx", f"{EXTRA_FILES}/serving.json"}
    assert {"MLmodel", "model.skops", "requirements.txt", "input_example.json", *served} <= sizes.keys()
    assert sizes["model.skops"] > 10_000
    assert not [name for name in sizes if name.endswith((".pkl", ".pickle", ".joblib", ".cloudpickle"))]


def test_the_best_val_f1_becomes_the_production_version(
    trained: Trained, tracking: MlflowClient, batch_runs: list[Run]
) -> None:
    best = max(batch_runs, key=lambda run: run.data.metrics["val_f1"])
    outcome = trained.outcome
    assert (str(outcome.batch_id), outcome.val_f1) == (best.data.tags["batch_id"], best.data.metrics["val_f1"])
    assert outcome.verdict.promoted and "the first version: validation ROC-AUC" in outcome.verdict.reason
    version = production_version(trained.settings)
    assert version is not None and version.version == outcome.version == "1"
    assert version.run_id == trained.plan.parent_run_id
    assert tracking.get_model_version(outcome.name, "1").current_stage == "Production"
    assert version.tags.keys() >= PROVENANCE
    for name in ("threshold", "val_f1", "test_f1", "test_roc_auc", "test_brier", "test_base_brier"):
        assert float(version.tags[name]) == best.data.metrics[name]
    assert version.tags["promotion"] == str(outcome.verdict)


def test_the_parent_run_says_which_batch_was_best(trained: Trained, parent: Run) -> None:
    assert parent.data.tags["best_batch_id"] == str(trained.outcome.batch_id)
    assert parent.data.metrics["val_f1"] == trained.outcome.val_f1


def test_the_version_the_best_batch_and_the_served_files_answer_the_same(
    trained: Trained, batch_runs: list[Run], tmp_path: Path
) -> None:
    rows = prepared_sets.read_split(trained.settings, "test")
    best = batch_runs[trained.outcome.batch_id - 1]
    learned = positive(load_pipeline(f"models:/{logged_model_id(best)}"), rows)
    registered = positive(load_pipeline(f"models:/{trained.outcome.name}@production"), rows)
    version = production_version(trained.settings)
    assert version is not None
    scorer = Scorer.load(download_served_files(trained.settings, version, tmp_path))
    records = [{str(name): value for name, value in row.items()} for row in inputs(rows).to_dict(orient="records")]
    assert (registered == learned).all()
    assert np.abs(scorer.probabilities(records) - learned).max() <= 1e-6


def test_the_lease_is_given_back(trained: Trained) -> None:
    assert lease_is_free(trained.settings)


def test_a_training_is_current_until_params_or_prepared_set_change(trained: Trained, own: Settings) -> None:
    same = own.model_copy(update={"experiment": trained.settings.experiment})
    assert not batches.is_current(own, FOREST)  # its experiment has seen no training
    assert batches.is_current(same, FOREST)
    assert not batches.is_current(same, FOREST.model_copy(update={"random_state": 1}))
    prepare.prepare(own, PREPARED.model_copy(update={"seed": 6}))
    assert not batches.is_current(same, FOREST)


def test_without_a_prepared_set_training_says_what_to_run(stores: Settings, tmp_path: Path) -> None:
    settings = own_pipeline(stores, tmp_path, "empty")
    initialise(settings)
    with pytest.raises(NothingPreparedError, match="preprocesar_datos"):
        batches.begin(settings, FOREST)
    assert lease_is_free(settings)


def test_a_failing_batch_does_not_stop_the_others(own: Settings) -> None:
    run_sql(own, "UPDATE train_data SET target = 0 WHERE batch_id = 2")
    plan = batches.begin(own, FOREST)
    with pytest.raises(TrainingError, match="one class"):
        batches.train_batch(own, plan, 2)
    result = batches.train_batch(own, plan, 3)
    outcome = selection.select(own, plan)
    assert (outcome.batch_id, outcome.val_f1) == (3, result.val.f1)
    assert result.run_id in recorded(own)
    tracking = client(own)
    experiment = tracking.get_run(plan.parent_run_id).info.experiment_id
    failed = tracking.search_runs([experiment], "attributes.status = 'FAILED'")
    assert [run.data.tags["batch_id"] for run in failed] == ["2"]
    assert "one class" in failed[0].data.tags["error"]
    assert failed[0].info.run_id not in recorded(own)


def test_what_an_attempt_that_died_left_running_is_ended(own: Settings) -> None:
    plan = batches.begin(own, FOREST)
    tracking = client(own)
    parent = plan.parent_run_id
    lost, other = (open_run(tracking, own, "died", {"batch_id": batch}, parent).info.run_id for batch in ("2", "3"))
    result = batches.train_batch(own, plan, 2)
    states = [tracking.get_run(run_id).info.status for run_id in (lost, other, result.run_id)]
    assert states == ["KILLED", "RUNNING", "FINISHED"]


def test_when_every_batch_fails_production_stays_and_the_parent_says_so(trained: Trained, own: Settings) -> None:
    own = own.model_copy(update={"model_name": trained.settings.model_name})
    before = production_version(own)
    few = FOREST.model_copy(update={"n_estimators": 10})  # leaves rows without an out-of-bag vote
    plan = batches.begin(own, few)
    for batch_id in plan.batches:
        with pytest.raises(TrainingError, match="out-of-bag vote"):
            batches.train_batch(own, plan, batch_id)
    with pytest.raises(TrainingError, match="none of the 3 batches gave a model; production stays as it is"):
        selection.select(own, plan)
    assert production_version(own) == before
    assert client(own).get_run(plan.parent_run_id).info.status == "FAILED"
    assert lease_is_free(own)


def test_a_batch_whose_votes_do_not_hold_on_validation_fails(own: Settings) -> None:
    run_sql(own, "UPDATE val_data SET target = 1 - target")
    plan = batches.begin(own, FOREST)
    with pytest.raises(TrainingError, match=r"out-of-bag ROC-AUC 0\.6\d\d .* and validation 0\.3\d\d .* differ"):
        batches.train_batch(own, plan, 1)
    selection.abandon(own, plan)
    assert client(own).get_run(plan.parent_run_id).info.status == "KILLED"
    assert lease_is_free(own)


def test_nobody_prepares_or_trains_beside_a_training(own: Settings) -> None:
    plan = batches.begin(own, FOREST)
    with pytest.raises(InUseError, match=plan.parent_run_id):
        prepare.prepare(own, PREPARED)
    with pytest.raises(InUseError, match=plan.parent_run_id):
        batches.begin(own, FOREST)
    selection.abandon(own, plan)
    assert prepare.prepare(own, PREPARED).prepared_id > plan.prepared_id


def test_a_prepared_set_that_is_replaced_meanwhile_ends_the_training(own: Settings) -> None:
    """As when a person freed the data by force while it went on."""
    plan = batches.begin(own, FOREST)
    run_sql(own, "DELETE FROM leases")
    prepare.prepare(own, PREPARED)
    for attempt in (lambda: batches.train_batch(own, plan, 1), lambda: selection.select(own, plan)):
        with pytest.raises(PreparedSetChangedError, match="run entrenar_modelo again"):
            attempt()
    assert client(own).get_run(plan.parent_run_id).info.status == "FAILED"
    assert lease_is_free(own)


def test_training_pins_the_set_that_a_preparation_leaves_while_it_waits(own: Settings) -> None:
    engine = engine_for(own, "CLEAN_DATA")
    with ThreadPoolExecutor(1) as pool:
        with database_lock(engine, leases.PREPARED_SET):
            begun = pool.submit(batches.begin, own, FOREST)
            assert not wait([begun], timeout=2).done
            newer = _next_set(own)
        plan = begun.result(timeout=60)
    assert plan.prepared_id == newer
    selection.abandon(own, plan)


def _next_set(settings: Settings) -> int:
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        row = dict(connection.execute(select(prepared_records).where(prepared_records.c.current)).one()._mapping)
        connection.execute(prepared_records.update().values(current=False))
        newer = int(row["prepared_id"]) + 1
        connection.execute(insert(prepared_records).values(row | {"prepared_id": newer}))
    return newer


def test_each_page_of_mlflow_says_what_it_shows(
    trained: Trained, tracking: MlflowClient, parent: Run, batch_runs: list[Run]
) -> None:
    experiment = tracking.get_experiment(parent.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    version = tracking.get_model_version(trained.outcome.name, trained.outcome.version)
    model_id = str(version.source).removeprefix("models:/")
    figures = f"(#/experiments/{experiment.experiment_id}/models/{model_id}/artifacts?workflowType=machine_learning)"
    page = f"(#/models/{trained.outcome.name}/versions/1?workflowType=machine_learning)"
    serving = f"In production: [version 1]{page}, [its calibration]{figures}."
    described = str(tracking.get_registered_model(trained.outcome.name).description)
    assert described.startswith(serving) and "readmitted within 30 days" in described
    # Trainings of other tests are in the same experiment, which names what was promoted last.
    assert re.match(r"In production: \[version 1\].*\[its calibration\]", experiment.tags[NOTE])
    assert "readmitted within 30 days" in experiment.tags[NOTE]
    assert "3 batches" in parent.data.tags[NOTE] and "synthetic encounters (made up" in parent.data.tags[NOTE]
    rows = f"{batch_runs[0].data.metrics['rows']:,.0f} rows"
    assert "batch 1" in batch_runs[0].data.tags[NOTE] and rows in batch_runs[0].data.tags[NOTE]
    about = str(version.description)
    best = batch_runs[trained.outcome.batch_id - 1]
    assert f"batch {trained.outcome.batch_id}" in about and figures in about
    assert f"ROC-AUC {best.data.metrics['test_roc_auc']:.3f}" in about


def test_the_versions_own_model_has_its_metrics_with_their_data_and_its_figures(
    trained: Trained, tracking: MlflowClient, parent: Run, batch_runs: list[Run]
) -> None:
    best = batch_runs[trained.outcome.batch_id - 1]
    model = logged_model(tracking, parent)
    assert {metric.key: metric.value for metric in model.metrics or []} == best.data.metrics
    measured = {metric.key: metric.dataset_name for metric in model.metrics or []}
    assert (measured["val_f1"], measured["test_f1"]) == ("CLEAN_DATA.val_data", "CLEAN_DATA.test_data")
    assert measured["threshold"] is None
    files = {file.path for file in tracking.list_logged_model_artifacts(model.model_id)}
    assert {"val_calibration.png", "test_calibration.png", "test_roc.png", "MLmodel"} <= files


def test_runs_name_the_rows_that_they_learned_and_were_measured_on(
    trained: Trained, parent: Run, batch_runs: list[Run]
) -> None:
    prepared = prepared_sets.current(trained.settings)
    for run, batch in (
        *((run, int(run.data.tags["batch_id"])) for run in batch_runs),
        (parent, trained.outcome.batch_id),
    ):
        assert run.inputs is not None
        used = {given.tags[0].value: given.dataset for given in run.inputs.dataset_inputs}
        sizes = {context: json.loads(str(data.profile))["num_rows"] for context, data in used.items()}
        assert sizes == {
            "training": prepared.batches[batch],
            "validation": prepared.rows["val"],
            "test": prepared.rows["test"],
        }
        assert used["training"].name == f"CLEAN_DATA.train_data batch {batch}"
        assert json.loads(used["test"].source)["sha256"] == prepared.source_sha256


def test_what_a_person_wrote_beside_the_line_on_production_stays(trained: Trained, tracking: MlflowClient) -> None:
    name = trained.settings.model_name
    before = tracking.get_registered_model(name).description
    tracking.update_registered_model(name, "In production: something old.\n\nAsk Dr. Soto before you change this.")
    promotion.promote(trained.settings, name, "1", "again")
    described = str(tracking.get_registered_model(name).description)
    assert described.startswith("In production: [version 1]") and "something old" not in described
    assert described.endswith("Ask Dr. Soto before you change this.")
    tracking.update_registered_model(name, before)


@pytest.mark.filterwarnings("default")
def test_logging_and_loading_a_model_warn_of_nothing(
    batch_runs: list[Run], recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    """In an Airflow task each warning is a line of its log."""
    load_pipeline(f"models:/{logged_model_id(batch_runs[0])}")
    assert [str(warning.message) for warning in recwarn] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
