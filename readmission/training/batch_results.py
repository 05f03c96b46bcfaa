"""What a candidate is worth: measured, checked, and kept with the files that are served."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline
from sqlalchemy import insert

from connections import tables as fixed
from connections.model_registry import client, make_default
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet
from readmission.clock import now
from readmission.errors import TrainingError
from readmission.inference import Scorer, read_folder
from readmission.model import serving_files
from readmission.model.evaluation import RECORDED, Scores, evaluate
from readmission.model.forest import CalibratedForest, inputs, positive
from readmission.model.importance import importance
from readmission.model.measurement import report
from readmission.model.mlflow_models import log_model
from readmission.model.report import Report
from readmission.model.resampling import Resampled
from readmission.model.uncertainty import difference_margin, roc_auc_margin
from readmission.registry.batch_models import ALL_BATCHES, described, model_name
from readmission.registry.keys import signing_key
from readmission.storage.contract_tables import Split
from readmission.training.mlflow_runs import MEASURED, BatchResult, log_figures, log_result

logger = logging.getLogger(__name__)

# Out-of-bag and validation ROC-AUC measure the same thing; further apart than this beyond chance, one of them is wrong.
OUT_OF_BAG_TOLERANCE = 0.04


def keep(
    settings: Settings,
    prepared: PreparedSet,
    pipeline: Pipeline,
    data: dict[Split, pd.DataFrame],
    batch: str,
    run_id: str,
) -> BatchResult:
    """Measures a fitted pipeline and logs it on its run, with its figures and the files that are served.

    Raises:
        TrainingError: it is not fit to be used.
    """
    tracking = client(settings)
    result = _measured(pipeline, data, batch, run_id)
    check_out_of_bag(pipeline["forest"], result, data)
    model_id, found = _log_files(settings, pipeline, prepared, result, data["val"])
    # After the model: MLflow would ask for the history of every metric that its run has by then.
    log_result(tracking, result, pipeline["forest"], model_id)
    log_figures(tracking, result, data, found)
    _record(settings, result)
    logger.info("%s: val_f1 %.4f, test ROC-AUC %.4f", described(batch), result.val.f1, result.test.roc_auc)
    return result


def _measured(pipeline: Pipeline, data: dict[Split, pd.DataFrame], batch: str, run_id: str) -> BatchResult:
    """What the fitted forest scores on the rows that it has not seen, at its own threshold."""
    threshold = pipeline["forest"].threshold_
    scores: dict[Split, Scores] = {}
    reports: dict[Split, Report] = {}
    probabilities = {split: positive(pipeline, data[split]) for split in MEASURED}
    for split, probability in probabilities.items():
        rows = data[split]
        drawn = Resampled.of_patients(rows["patient"])
        scores[split] = evaluate(rows["target"].to_numpy(), probability, threshold, drawn)
        reports[split] = report(split, rows, probability, threshold, drawn, scores[split])
    measured = scores["val"], scores["test"], reports, probabilities
    return BatchResult(run_id, batch, len(data["train"]), threshold, *measured)


def check_out_of_bag(forest: CalibratedForest, result: BatchResult, data: dict[Split, pd.DataFrame]) -> None:
    """Holds the out-of-bag scores, which threshold and calibration come from, against the validation's.

    Raises:
        TrainingError: they are further apart than chance explains.
    """
    measured = ((forest.out_of_bag_roc_auc_, data["train"]), (result.val.roc_auc, data["val"]))
    chance = difference_margin(*(_margin(roc_auc, rows) for roc_auc, rows in measured))
    apart = abs(forest.out_of_bag_roc_auc_ - result.val.roc_auc)
    if apart > OUT_OF_BAG_TOLERANCE + chance:
        raise TrainingError(
            f"{described(result.batch)}: out-of-bag ROC-AUC {forest.out_of_bag_roc_auc_:.3f} "
            f"(of {len(data['train']):,} rows) and validation {result.val.roc_auc:.3f} "
            f"(of {len(data['val']):,}) differ by {apart:.3f}, more than {OUT_OF_BAG_TOLERANCE} and {chance:.3f} of "
            "chance; the threshold and the calibration would not hold"
        )


def _margin(roc_auc: float, rows: pd.DataFrame) -> float:
    positives = int(rows["target"].sum())
    return roc_auc_margin(roc_auc, positives, len(rows) - positives)


def _log_files(
    settings: Settings, pipeline: Pipeline, prepared: PreparedSet, result: BatchResult, val: pd.DataFrame
) -> tuple[str, dict[str, Any]]:
    """Logs the model with the files that are served, which answer as it does; `val` is what that is tried on.

    Gives the LoggedModel's id, and the importance of its fields.
    """
    make_default(settings)
    with tempfile.TemporaryDirectory() as folder:
        files = serving_files.write(
            pipeline, Path(folder), val, dataset=prepared.dataset, target=prepared.params.target
        )
        difference = serving_files.check_parity(pipeline, Path(folder), val)
        client(settings).log_metric(result.run_id, "serving_difference", difference)
        found = importance(Scorer.unproven(read_folder(Path(folder))), val)
        logged = log_model(
            model_name(result.batch),
            pipeline,
            files,
            result.run_id,
            inputs(val.head(5), pipeline),
            signing_key(settings),
        )
    return str(logged.model_id), found


def _record(settings: Settings, result: BatchResult) -> None:
    """Adds the candidate to `CLEAN_DATA.experiments`; the vote of all batches is batch 0 there."""
    values = {
        f"{split}_{metric}": getattr(scores, metric)
        for split, scores in (("val", result.val), ("test", result.test))
        for metric in RECORDED
    }
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(
            insert(fixed.experiments).values(
                run_id=result.run_id,
                batch_id=0 if result.batch == ALL_BATCHES else int(result.batch),
                rows=result.rows,
                threshold=result.threshold,
                created_at=now(),
                **values,
            )
        )
