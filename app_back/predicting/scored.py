"""What is made of encounters: their scores, the rows that are logged and the answers that are sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from uuid6 import uuid7

from app_back.log.row import LoggedRow
from app_back.models.model_holder import LoadedModel
from readmission.clock import now
from readmission.features import Value, complete_request, model_row
from readmission.prediction import LABELS, Place


@dataclass(slots=True, frozen=True)
class Encounter:
    """A whole request, the model's inputs made of it, and the request's id."""

    inputs: Mapping[str, Value]
    row: Mapping[str, str | float]
    request_id: str

    @classmethod
    def of(cls, sent: Mapping[str, Value], request_id: str) -> "Encounter":
        """The encounter of the fields that a request sent.

        Raises:
            FieldError: two fields contradict each other.
        """
        inputs = complete_request(sent)
        return cls(inputs, model_row(inputs), request_id)


def scored(encounters: Sequence[Encounter], model: LoadedModel) -> list[LoggedRow]:
    """The row of each encounter, in order, scored together by one model version."""
    probabilities = model.scorer.probabilities([encounter.row for encounter in encounters]).tolist()
    return [_row(*each, model) for each in zip(encounters, probabilities, strict=True)]


def _row(encounter: Encounter, probability: float, model: LoadedModel) -> LoggedRow:
    config, reference = model.scorer.config, encounter.inputs["encounter_ref"]
    return LoggedRow(
        prediction_id=str(uuid7()),
        created_at=now(),
        encounter_ref=None if reference is None else str(reference),
        inputs=to_json(encounter.inputs).decode(),
        prediction=model.scorer.decide(probability),
        probability=probability,
        threshold=config.threshold,
        model_name=model.version.name,
        model_version=model.version.version,
        dataset=config.dataset,
        request_id=encounter.request_id,
    )


def answer_of(row: LoggedRow, place: Place) -> bytes:
    """The JSON of `PredictionResponse` for a row; a test holds the two together."""
    answer: dict[str, Any] = {
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
    return to_json(answer)
