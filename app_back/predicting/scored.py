"""What is made of encounters: their scores, the rows that are logged and the answers that are sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from msgspec import json
from numpy.typing import NDArray

from app_back.log.row import LoggedRow, new_id
from app_back.models.served_version import LoadedModel
from app_back.predicting.shadow import Shadow, ShadowScore
from readmission.clock import now
from readmission.features import Value
from readmission.prediction import LABELS, Place


class Encounter(NamedTuple):
    """A whole request, and the id of the request."""

    inputs: Mapping[str, Value]
    request_id: str


class Scored(NamedTuple):
    """A group's rows, in the order of its encounters, and the matrix, shape (rows, columns), of the model."""

    rows: list[LoggedRow]
    matrix: NDArray[np.float32]


def scored(encounters: Sequence[Encounter], model: LoadedModel, shadow: Shadow) -> Scored:
    """The encounters' rows, scored together by one model version, and by the shadow for the log.

    Raises:
        FieldError: the contract does not allow a value.
    """
    requests = [encounter.inputs for encounter in encounters]
    matrix = model.scorer.encoding.of_requests(requests)
    probabilities = model.scorer.of_matrix(matrix).tolist()
    beside = shadow.scores(requests, model)
    at = now()
    rows = [_row(*each, model, at) for each in zip(encounters, probabilities, beside, strict=True)]
    return Scored(rows, matrix)


def _row(encounter: Encounter, probability: float, shadow: ShadowScore, model: LoadedModel, at: datetime) -> LoggedRow:
    config, reference = model.scorer.config, encounter.inputs["encounter_ref"]
    return LoggedRow(
        prediction_id=new_id(),
        created_at=at,
        encounter_ref=None if reference is None else str(reference),
        inputs=json.encode(encounter.inputs).decode(),
        prediction=model.scorer.decide(probability),
        probability=probability,
        threshold=config.threshold,
        model_name=model.version.name,
        model_version=model.version.version,
        dataset=config.dataset,
        request_id=encounter.request_id,
        shadow_version=shadow.version,
        shadow_probability=shadow.probability,
        shadow_threshold=shadow.threshold,
    )


def answer_of(row: LoggedRow, place: Place) -> bytes:
    """The JSON of `PredictionResponse` for a row; a test holds the two together."""
    return json.encode(told_of(row, place))


def told_of(row: LoggedRow, place: Place) -> dict[str, Any]:
    """What an answer tells of a row."""
    return {
        "prediction": row.prediction,
        "label": LABELS[row.prediction],
        "probability": row.probability,
        "threshold": row.threshold,
        "model_name": row.model_name,
        "model_version": row.model_version,
        "prediction_id": row.prediction_id,
        "dataset": row.dataset,
        "logged": place,
    }
