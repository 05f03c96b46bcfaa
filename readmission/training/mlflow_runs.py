"""What a training writes to MLflow: its runs, their params, metrics and figures, and what they were made of."""

import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run
from mlflow.tracking import MlflowClient

from connections.artifact_places import require_store
from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet
from readmission.clock import epoch, now
from readmission.code_version import fingerprint, git_revision, library_versions
from readmission.model import report_drawn
from readmission.model.evaluation import Scores, figures
from readmission.model.forest import CalibratedForest
from readmission.model.importance import drawn
from readmission.model.report import Report
from readmission.model.resampling import Floats
from readmission.params import ForestParams
from readmission.registry import descriptions
from readmission.registry.batch_models import ALL_BATCHES
from readmission.storage.contract_tables import Split, prepared_name

logger = logging.getLogger(__name__)

FIGURES, IMPORTANCE, REPORT = "figures", "importance", "report.json"
FINGERPRINT_TAG = "fingerprint"
VAL_F1_ERROR = "val_f1_standard_error"
KIND_TAG = "kind"
OWNER_TAG = "held_by"
FORCE_TAG = "force_promote"
MEASURED: tuple[Split, ...] = ("val", "test")
DIGEST_LENGTH = 36  # the longest that MLflow takes
_CONTEXT = "mlflow.data.context"
_CONTEXTS: dict[Split, str] = {"val": "validation", "test": "test"}


@dataclass(frozen=True)
class BatchResult:
    """One candidate, of a batch or of all: its run, its scores and reports, and the risks that they come from."""

    run_id: str
    batch: str
    rows: int
    threshold: float
    val: Scores
    test: Scores
    reports: Mapping[Split, Report] = field(default_factory=dict)
    probabilities: Mapping[Split, Floats] = field(default_factory=dict)


def training_fingerprint(prepared: PreparedSet, params: ForestParams) -> str:
    """What two trainings share when their prepared data, params and code are the same."""
    return fingerprint(prepared=prepared.fingerprint, params=params.model_dump())


def provenance(settings: Settings, prepared: PreparedSet, params: ForestParams) -> dict[str, str]:
    """Tags that say what a run or a version was made of."""
    return {
        "dataset": prepared.dataset,
        "source_sha256": prepared.source_sha256,
        "load_id": str(prepared.load_id),
        "prepared_id": str(prepared.prepared_id),
        "target": prepared.params.target,
        "history": prepared.params.history_tag,
        "split": prepared.params.split_key,
        "split_seed": str(prepared.params.seed),
        "forest_seed": str(params.random_state),
        "contract_version": prepared.contract_version,
        "git_revision": git_revision(settings),
        FINGERPRINT_TAG: training_fingerprint(prepared, params),
        **{f"version.{name}": number for name, number in library_versions().items()},
    }


def open_run(
    tracking: MlflowClient, settings: Settings, name: str, tags: dict[str, str], parent: str | None = None
) -> Run:
    """Starts a run of the platform's experiment, below `parent` if there is one."""
    experiment_id = _experiment(tracking, settings.experiment)
    nested = {"mlflow.parentRunId": parent} if parent else {}
    return tracking.create_run(experiment_id, run_name=name, tags={**tags, **nested})


def _experiment(tracking: MlflowClient, name: str) -> str:
    """The experiment's id, after it was made or, if somebody deleted it, restored: a deleted one keeps its name.

    Raises:
        MlflowException: the server does not answer, or refuses, or the experiment's files would come to this machine.
    """
    experiment = tracking.get_experiment_by_name(name)
    if experiment is None:
        return str(tracking.create_experiment(name, tags=descriptions.experiment_tags()))
    require_store(experiment.artifact_location)
    if experiment.lifecycle_stage == "deleted":
        tracking.restore_experiment(experiment.experiment_id)
        logger.warning("restored the experiment %r, which was deleted in MLflow", name)
    return str(experiment.experiment_id)


def _data_set(prepared: PreparedSet, split: Split, rows: int, part: str = "") -> Dataset:
    """A split of the prepared set, or a part of it, as MLflow names data: by table and by what it holds."""
    source = {"prepared_id": prepared.prepared_id, "load_id": prepared.load_id, "sha256": prepared.source_sha256}
    return Dataset(
        name=f"CLEAN_DATA.{prepared_name(split)}{part}",
        digest=prepared.fingerprint[:DIGEST_LENGTH],
        source_type="readmission",
        source=json.dumps({"dataset": prepared.dataset, **source}),
        profile=json.dumps({"num_rows": rows}),
    )


def log_data(tracking: MlflowClient, run_id: str, prepared: PreparedSet, batch: str) -> dict[Split, Dataset]:
    """Logs the rows of a batch, or of all, as what a run was trained on, and those of validation and test, which it
    gives back."""
    measured = log_measured(tracking, run_id, prepared)
    part = {} if batch == ALL_BATCHES else {"part": f" batch {batch}"}
    rows = prepared.rows["train"] if batch == ALL_BATCHES else prepared.batches[int(batch)]
    trained_on = _data_set(prepared, "train", rows, **part)
    tracking.log_inputs(run_id, [DatasetInput(trained_on, [InputTag(_CONTEXT, "training")])])
    return measured


def log_measured(tracking: MlflowClient, run_id: str, prepared: PreparedSet) -> dict[Split, Dataset]:
    """Logs the rows of validation and test, which it gives back.

    A training does so when it begins: of two batches that name them first, at once, MLflow would refuse one.
    """
    measured = {split: _data_set(prepared, split, prepared.rows[split]) for split in MEASURED}
    inputs = [DatasetInput(data, [InputTag(_CONTEXT, _CONTEXTS[split])]) for split, data in measured.items()]
    tracking.log_inputs(run_id, inputs)
    return measured


def log_params(tracking: MlflowClient, run_id: str, prepared: PreparedSet, params: ForestParams) -> None:
    """Logs how the data was prepared and the forest's hyper-parameters."""
    prefixed = {f"prepare.{name}": value for name, value in prepared.params.model_dump().items()}
    chosen = {**params.model_dump(), **prefixed}
    tracking.log_batch(run_id, params=[Param(name, str(value)) for name, value in chosen.items()])


def log_result(tracking: MlflowClient, result: BatchResult, forest: CalibratedForest, model_id: str) -> None:
    """Logs the metrics of one candidate and of its model, each of a split with the ends of its interval."""
    metrics = {
        **result.val.named("val"),
        **result.test.named("test"),
        VAL_F1_ERROR: result.val.f1_error,
        "rows": result.rows,
        "threshold": result.threshold,
        "out_of_bag_roc_auc": forest.out_of_bag_roc_auc_,
    }
    for report in result.reports.values():
        metrics |= report.named()
    moment = int(epoch(now()) * 1000)
    measured = [Metric(name, value, moment, 0, model_id=model_id) for name, value in metrics.items()]
    tracking.log_batch(result.run_id, measured)


def log_figures(
    tracking: MlflowClient, result: BatchResult, data: Mapping[Split, pd.DataFrame], fields: dict[str, Any]
) -> None:
    """Logs the figures of validation and test, the reports (that of test is drawn), and what each field adds."""
    drawings = {f"{IMPORTANCE}.png": drawn(fields), **report_drawn.drawn(result.reports["test"])}
    for split in MEASURED:
        truth = data[split]["target"].to_numpy()
        drawings |= figures(truth, result.probabilities[split], result.threshold, split)
    told: dict[str, Any] = {split: report.model_dump(mode="json") for split, report in result.reports.items()}
    with tempfile.TemporaryDirectory() as folder:
        for path, figure in drawings.items():
            figure.savefig(Path(folder, path))
        for path, content in {f"{IMPORTANCE}.json": fields, REPORT: told}.items():
            Path(folder, path).write_text(json.dumps(content, indent=2), encoding="utf-8")
        tracking.log_artifacts(result.run_id, folder, FIGURES)
