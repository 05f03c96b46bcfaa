"""The documentation's examples: requests, and what the service answered to them.

The answers were given by a version that was trained at the defaults on the first batch of the published data set.
A test posts each request and holds the answer against its example: an error word by word, a figure by what it is.
"""

from typing import Any

from fastapi.openapi.models import Example

from app_back.body_limit import MAX_BODY_BYTES
from app_back.errors import BusyError, NoReasonsError
from app_back.log.database import NO_TABLE
from app_back.log.prediction_log import NOT_READ
from app_back.log.writer import NOT_WRITTEN
from app_back.models.model_holder import WHAT_TO_DO
from app_back.request_model import ORIGINAL_EXAMPLE, RICH_EXAMPLE
from app_back.schemas import MAX_LISTED, ErrorResponse
from readmission.features import BY_NAME, CONTRACT_VERSION, MODEL_FIELDS, complete_request

Responses = dict[int | str, dict[str, Any]]

_REFUSED_REQUEST = {"time_in_hospital": 3.7, "admission_type_id": 1, "diag_1": "E11.9"}
REQUESTS: dict[str, Example] = {
    "original": Example(summary="The 20 original fields, at their defaults", value=ORIGINAL_EXAMPLE),
    "rich": Example(summary="Some optional fields: codes, diagnoses, medications", value=RICH_EXAMPLE),
    "empty": Example(summary="Everything at its default", value={}),
    "refused": Example(summary="Refused: half a day, a raw code in a group, an ICD-10 code", value=_REFUSED_REQUEST),
}


def _prediction(prediction_id: str, probability: float) -> dict[str, Any]:
    readmitted = probability >= _THRESHOLD
    return {
        "prediction": int(readmitted),
        "label": "Readmitido" if readmitted else "No Readmitido",
        "probability": probability,
        "threshold": _THRESHOLD,
        "model_name": "mejor_modelo_diabetes",
        "model_version": "1",
        "prediction_id": prediction_id,
        "dataset": "real",
        "logged": "database",
    }


_THRESHOLD = 0.14433934175105526
ANSWERS: dict[str, dict[str, Any]] = {
    "original": _prediction("db6c108f-1eee-4271-9e98-1eab7f6c448b", 0.08292477721345508),
    "rich": _prediction("24569698-8ac8-4464-8200-317df8f21f74", 0.15466678450638296),
    "empty": _prediction("9e37c003-9b61-48ea-9304-f66bb933cd10", 0.08292477721345508),
}
_METRICS = {
    "val_f1": 0.269833249115715,
    "val_roc_auc": 0.6508021042016762,
    "test_f1": 0.2812656956303365,
    "test_roc_auc": 0.6620724446697269,
}
MODEL = {
    "name": "mejor_modelo_diabetes",
    "version": "1",
    "dataset": "real",
    "target": "lt30",
    "threshold": _THRESHOLD,
    "capacity_threshold": None,
    "metrics": _METRICS,
    "tags": {name: repr(figure) for name, figure in _METRICS.items()} | {"dataset": "real", "batch_id": "1"},
    "contract_version": CONTRACT_VERSION,
    "features": [field.name for field in MODEL_FIELDS if not field.history],
    "loaded_at": "2026-11-26T13:52:55.346466Z",
    "source": "registry",
    "promotion": {
        "name": "mejor_modelo_diabetes",
        "version": "3",
        "previous": "2",
        "time": "2026-11-24T08:31:10.250000Z",
        "reason": "val_f1 0.2764 against 0.2731 of version 2 on the same 9,934 rows",
        "manifest_sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        "action": "promoted",
        "by_whom": "the run manual__2026-11-24T08:20:04+00:00 of the DAG entrenar_modelo",
    },
    "registry_problem": None,
    "shadow_version": "2",
    "shadow_problem": None,
}


def _listed() -> dict[str, Any]:
    # The listing tells whole numbers as floats and has no label.
    inputs = {
        name: float(value) if isinstance(value, int) else value
        for name, value in complete_request(RICH_EXAMPLE | {"discharge_code": "6"}).items()
    }
    not_told = ("label", "prediction_id", "logged")
    answer = {name: value for name, value in ANSWERS["rich"].items() if name not in not_told}
    row = {
        "prediction_id": ANSWERS["rich"]["prediction_id"],
        "created_at": "2026-11-26T13:52:55.364011Z",
        "encounter_ref": RICH_EXAMPLE["encounter_ref"],
        "inputs": inputs,
    }
    shadow = {"shadow_version": "2", "shadow_probability": 0.2135, "shadow_threshold": 0.1342}
    return {"predictions": [row | answer | {"request_id": None} | shadow], "waiting": 0}


LISTED = _listed()


def _error(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def _refusal(name: str, message: str, allowed: str | None = None) -> dict[str, str]:
    return {"field": name, "message": message, "allowed": allowed or BY_NAME[name].allowed}


UNREADABLE = _error("bad_request", "the body is not UTF-8 text (byte 12); send JSON in UTF-8")
TOO_LARGE = _error("body_too_large", f"the body is larger than {MAX_BODY_BYTES} bytes")
REFUSED = _error(
    "invalid_request",
    "the request is refused: time_in_hospital, admission_type_id, diag_1",
    fields=[
        _refusal("time_in_hospital", "Input should be a valid integer"),
        _refusal(
            "admission_type_id",
            "1 is a raw code: send it as admission_type_code, or here one of "
            f"{', '.join(BY_NAME['admission_type_id'].vocabulary)}",
        ),
        _refusal("diag_1", "'E11.9' looks like ICD-10; this platform reads ICD-9-CM codes such as 250.02"),
    ],
)
LIMIT_REFUSED = _error(
    "invalid_request",
    "the request is refused: limit",
    fields=[
        _refusal("limit", "Input should be greater than or equal to 1", f"a whole number from 1 to {MAX_LISTED}"),
    ],
)
FORMAT_REFUSED = _error(
    "invalid_request",
    "the request is refused: format",
    fields=[_refusal("format", "Input should be 'json', 'md' or 'html'", "json, md or html")],
)
NO_REASONS = _error("no_reasons", NoReasonsError("1").message)
BUSY = _error("busy", BusyError(1_024).message)
NO_MODEL = _error("no_model", f"no model is in production yet; {WHAT_TO_DO}")
_NO_JOURNAL = "the journal cannot be written (Not a directory)"
NOT_LOGGED = _error("prediction_log_unavailable", f"{NOT_WRITTEN}: {NO_TABLE}; {_NO_JOURNAL}")
NOT_LISTED = _error("prediction_log_unavailable", f"{NOT_READ}: {NO_TABLE}")
NOT_READY = _error("not_ready", f"failed checks: model: {NO_MODEL['error']['message']}")
UNHEALTHY = _error("not_ready", f"failed checks: log: {NO_TABLE}; {_NO_JOURNAL}")
FAILED = _error("internal_error", "the service failed; its log has the details")


def answers(**examples: dict[str, Any]) -> Responses:
    """The documented answers of a route when all goes well."""
    return {200: _documented("The answer.", examples)}


def errors(status: int, description: str, **examples: dict[str, Any]) -> Responses:
    """A documented failure of a route, in the one shape."""
    return {status: {"model": ErrorResponse, **_documented(description, examples)}}


def _documented(description: str, examples: dict[str, dict[str, Any]]) -> dict[str, Any]:
    shown = {name: {"summary": name.replace("_", " "), "value": value} for name, value in examples.items()}
    return {"description": description, "content": {"application/json": {"examples": shown}}}


OF_EVERY_ROUTE = errors(500, "The service failed.", failed=FAILED)
