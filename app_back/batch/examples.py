"""The documentation's examples of a batch, made of those of a single prediction."""

from typing import Any

from app_back import examples
from app_back.access.described import LIMITED, refusals
from app_back.batch.bodies import ALLOWED, MAX_ENCOUNTERS, TooManyError
from app_back.body_limit import BATCH_PATH
from app_back.errors import BatchBusyError, BatchTooLongError, refusal_of
from app_back.request_model import RICH_EXAMPLE
from app_back.schemas import FieldRefusal
from readmission.features import BY_NAME

_ONE = ("prediction_id", "probability", "prediction", "label")
_REFUSED = {"age": 171}
SENT: dict[str, Any] = {"encounters": [RICH_EXAMPLE, {}]}
REPORTED: dict[str, Any] = {"encounters": [RICH_EXAMPLE, _REFUSED]}


def _prediction(name: str) -> dict[str, Any]:
    return {field: examples.ANSWERS[name][field] for field in _ONE}


_REFUSAL = refusal_of(
    {
        2: [
            FieldRefusal(
                field="age", message="Input should be less than or equal to 120", allowed=BY_NAME["age"].allowed
            )
        ]
    }
)
_WHOLE = {name: examples.ANSWERS["rich"][name] for name in ("model_name", "model_version", "dataset", "threshold")}
ANSWERED = _WHOLE | {"logged": "database", "predictions": [_prediction("rich"), _prediction("empty")]}
ERROR = _REFUSAL.detail.model_dump(exclude_none=True)
TOLD = _WHOLE | {
    "logged": "database",
    "results": [{"row": 1, "prediction": _prediction("rich")}, {"row": 2, "error": ERROR}],
}

ANSWERS: examples.Responses = (
    examples.answers(all_predicted=ANSWERED, errors_reported=TOLD)
    | examples.errors(400, "The body cannot be read.", not_utf8=examples.UNREADABLE)
    | examples.errors(
        413,
        f"The body is larger than a batch's, or holds more than {MAX_ENCOUNTERS:,} encounters.",
        too_many={"error": {"code": "body_too_large", "message": str(TooManyError().detail)}},
    )
    | examples.errors(
        422,
        "Each refused row and field is named, the first of many; nothing is logged.",
        refused={"error": ERROR},
        empty={
            "error": {
                "code": "invalid_request",
                "message": "the request is refused: body",
                "fields": [{"field": "body", "message": "holds no encounter", "allowed": ALLOWED}],
            }
        },
    )
    | examples.errors(
        429,
        "As many batches are answered as may be at a time, or the key asks too often.",
        busy={"error": {"code": "busy", "message": BatchBusyError(2).message}},
        limited=LIMITED,
    )
    | refusals(BATCH_PATH)
    | examples.errors(
        503,
        "No model is in production, the time is over, or neither database nor journal takes the rows.",
        no_model=examples.NO_MODEL,
        too_long={"error": {"code": "batch_too_long", "message": BatchTooLongError(30).message}},
        not_logged=examples.NOT_LOGGED,
    )
)
# OpenAPI's, since the route reads its body itself.
_ENCOUNTER = {"$ref": "#/components/schemas/PredictionRequest"}
_LIST = {"type": "array", "items": _ENCOUNTER, "minItems": 1, "maxItems": MAX_ENCOUNTERS}
_OBJECT = {"type": "object", "properties": {"encounters": _LIST}, "required": ["encounters"]}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_LIST, _OBJECT | {"additionalProperties": False}]},
                "examples": {
                    "two": {"summary": "Two encounters", "value": SENT},
                    "refused": {"summary": "Refused, or with on_error=report told: an age", "value": REPORTED},
                },
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "a JSON object a line"},
                "example": '{"age": 75, "number_inpatient": 2}\n{}\n',
            },
            "text/csv": {
                "schema": {"type": "string", "description": "a header of fields, and an encounter a line"},
                "example": "age,number_inpatient,encounter_ref\n75,2,ward-7/2291\n61,0,\n",
            },
        },
    }
}
