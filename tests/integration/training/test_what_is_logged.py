"""What a training leaves in MLflow: runs, metrics, figures, models and the version, each with where it comes from."""

import json
import re
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from connections.model_registry import client, production_version
from readmission.clean import prepared_sets
from readmission.model.evaluation import RECORDED
from readmission.model.forest import inputs, positive
from readmission.registry import promotion
from readmission.registry.batch_models import logged_model_id
from readmission.registry.descriptions import NOTE
from readmission.registry.signed_models import logged_model
from tests.integration.pipeline import BATCHES, PREPARED, ROWS, Trained
from tests.integration.training.left import recorded

PROVENANCE = {
    "source_sha256", "load_id", "prepared_id", "dataset", "target", "split_seed", "forest_seed", "git_revision",
    "batch_id", "version.scikit-learn", "version.python", "version.mlflow",
}  # fmt: skip


def test_each_batch_and_their_vote_is_a_finished_run_under_the_parent(
    trained: Trained, parent: Run, candidates: list[Run]
) -> None:
    assert [run.data.tags["batch_id"] for run in candidates] == ["1", "2", "3", "all"]
    assert {run.data.tags["mlflow.parentRunId"] for run in candidates} == {parent.info.run_id}
    assert {run.info.status for run in (*candidates, parent)} == {"FINISHED"}
    rows = prepared_sets.current(trained.settings).batches
    assert [run.data.metrics["rows"] for run in candidates] == [*rows.values(), sum(rows.values())]
    assert len(rows) == BATCHES and sum(rows.values()) < ROWS


def test_runs_say_how_they_were_made(parent: Run, candidates: list[Run]) -> None:
    for run in (*candidates, parent):
        assert run.data.params["n_estimators"] == "30"
        assert run.data.params["prepare.batch_size"] == str(PREPARED.batch_size)
        assert run.data.params["prepare.seed"] == "5"
        tags = run.data.tags
        assert PROVENANCE - {"batch_id"} <= tags.keys()
        assert (tags["dataset"], tags["target"], tags["split_seed"]) == ("synthetic", "lt30", "5")
        assert len(tags["source_sha256"]) == 64


def test_the_metrics_are_those_of_the_model_on_the_prepared_rows(trained: Trained, candidates: list[Run]) -> None:
    for run in candidates:
        metrics = run.data.metrics
        pipeline = logged_model(trained.settings, client(trained.settings), logged_model_id(run), "it").pipeline()
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
            for name in ("precision", "recall", "f1", "roc_auc", "pr_auc", "brier_skill"):
                figure = f"{split}_{name}"
                assert metrics[f"{figure}_low"] < metrics[figure] < metrics[f"{figure}_high"]
            assert 0.5 < metrics[f"{split}_roc_auc"] < 0.8 and 0 < metrics[f"{split}_pr_auc"] < 0.5
        assert metrics["threshold"] == pipeline["forest"].threshold_
        assert abs(metrics["out_of_bag_roc_auc"] - metrics["val_roc_auc"]) <= 0.04
        assert metrics["serving_difference"] <= 1e-6


def test_each_run_has_its_figures_and_the_importance_of_fields(tracking: MlflowClient, candidates: list[Run]) -> None:
    kinds = ("calibration", "confusion", "pr", "roc")
    expected = {f"figures/{split}_{kind}.png" for split in ("val", "test") for kind in kinds}
    expected |= {"figures/importance.json", "figures/importance.png", "figures/report.json"}
    expected |= {"figures/test_groups.png", "figures/test_decision_curve.png"}
    of_vote = {"figures/learning_curve.png"}
    for run in candidates:
        more = of_vote if run.data.tags["batch_id"] == "all" else set()
        assert {file.path for file in tracking.list_artifacts(run.info.run_id, "figures")} == expected | more
    path = tracking.download_artifacts(candidates[0].info.run_id, "figures/test_roc.png")
    assert Path(path).read_bytes().startswith(b"\x89PNG")


def test_each_run_reports_capacities_calibration_and_groups(
    trained: Trained, tracking: MlflowClient, candidates: list[Run]
) -> None:
    rows = prepared_sets.read_split(trained.settings, "test")
    for run in candidates:
        path = tracking.download_artifacts(run.info.run_id, "figures/report.json")
        told, metrics = json.loads(Path(path).read_text(encoding="utf-8")), run.data.metrics
        assert told["test"]["rows"] == len(rows) and told["val"]["split"] == "val"
        assert told["test"]["figures"]["recall"]["value"] == pytest.approx(metrics["test_recall"], abs=1e-6)
        assert metrics["test_recall_at_20"] > metrics["test_recall_at_10"] > metrics["test_recall_at_5"] > 0.05
        assert metrics["test_calibration_slope_low"] < metrics["test_calibration_slope"] < 2
        women = told["test"]["groups"]["gender Female"]
        assert women["rows"] == (rows["gender"] == "Female").sum()
        assert metrics["test_recall/gender Female"] == women["figures"]["recall"]["value"]
        assert metrics["val_alerts_per_100/age 70 and over"] > 0


def test_the_experiments_table_says_what_mlflow_says(trained: Trained, candidates: list[Run]) -> None:
    rows = recorded(trained.settings)
    assert rows.keys() >= {run.info.run_id for run in candidates}
    for run in candidates:
        row, metrics = rows[run.info.run_id], run.data.metrics
        batch = run.data.tags["batch_id"].replace("all", "0")
        assert (str(row.batch_id), row.rows) == (batch, metrics["rows"])
        names = ["threshold", *(f"{split}_{metric}" for split in ("val", "test") for metric in RECORDED)]
        assert {name: getattr(row, name) for name in names} == {name: metrics[name] for name in names}


def test_of_what_ties_with_the_best_val_f1_the_highest_roc_auc_becomes_the_production_version(
    trained: Trained, tracking: MlflowClient, candidates: list[Run], best: Run
) -> None:
    first = max(candidates, key=lambda run: run.data.metrics["val_f1"]).data.metrics
    assert 0.005 < first["val_f1_standard_error"] < 0.1
    least = first["val_f1"] - first["val_f1_standard_error"]
    tied = [run for run in candidates if run.data.metrics["val_f1"] >= least]
    assert best.data.metrics["val_roc_auc"] == max(run.data.metrics["val_roc_auc"] for run in tied)
    outcome = trained.outcome
    assert outcome.val_f1 == best.data.metrics["val_f1"] >= least
    assert outcome.verdict.promoted and "the first version: validation ROC-AUC" in outcome.verdict.reason
    version = production_version(trained.settings)
    assert version is not None and version.version == outcome.version == "1"
    assert version.run_id == trained.plan.parent_run_id
    assert tracking.get_model_version(outcome.name, "1").current_stage == "Production"
    assert version.tags.keys() >= PROVENANCE
    for name in ("threshold", "val_f1", "test_f1", "test_roc_auc", "test_brier", "test_base_brier"):
        assert float(version.tags[name]) == best.data.metrics[name]
    assert version.tags["promotion"] == str(outcome.verdict)


def test_the_parent_run_says_which_candidate_was_best(trained: Trained, parent: Run) -> None:
    assert parent.data.tags["best_batch_id"] == trained.outcome.batch
    assert parent.data.metrics["val_f1"] == trained.outcome.val_f1


def test_each_page_of_mlflow_says_what_it_shows(
    trained: Trained, tracking: MlflowClient, parent: Run, candidates: list[Run], best: Run
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
    assert re.match(r"In production: \[version \d+\].*\[its calibration\]", experiment.tags[NOTE])
    assert "readmitted within 30 days" in experiment.tags[NOTE]
    assert "3 batches" in parent.data.tags[NOTE] and "synthetic encounters (made up" in parent.data.tags[NOTE]
    rows = f"{candidates[0].data.metrics['rows']:,.0f} rows"
    assert "batch 1" in candidates[0].data.tags[NOTE] and rows in candidates[0].data.tags[NOTE]
    about = str(version.description)
    voted = trained.outcome.batch == "all"
    assert ("The vote of all forests" if voted else f"batch {trained.outcome.batch}") in about and figures in about
    assert "The vote of the forests of batches 1, 2, 3" in candidates[-1].data.tags[NOTE]
    assert f"ROC-AUC {best.data.metrics['test_roc_auc']:.3f}" in about


def test_runs_name_the_rows_that_they_learned_and_were_measured_on(
    trained: Trained, parent: Run, candidates: list[Run]
) -> None:
    prepared = prepared_sets.current(trained.settings)
    for run, batch in (
        *((run, run.data.tags["batch_id"]) for run in candidates),
        (parent, trained.outcome.batch),
    ):
        assert run.inputs is not None
        used = {given.tags[0].value: given.dataset for given in run.inputs.dataset_inputs}
        sizes = {context: json.loads(str(data.profile))["num_rows"] for context, data in used.items()}
        assert sizes == {
            "training": prepared.rows["train"] if batch == "all" else prepared.batches[int(batch)],
            "validation": prepared.rows["val"],
            "test": prepared.rows["test"],
        }
        part = "" if batch == "all" else f" batch {batch}"
        assert used["training"].name == f"CLEAN_DATA.train_data{part}"
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
