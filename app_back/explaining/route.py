"""What OpenAPI tells of `POST /explain` and `POST /what-if`; `Predicting` answers them."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic.json_schema import SkipJsonSchema

from app_back import examples as shared
from app_back.access.described import LIMITED, refusals
from app_back.explaining import examples
from app_back.explaining.asked import Language
from app_back.predicting.endpoint import EXPLAIN, WHAT_IF
from app_back.request_model import PredictionRequest
from app_back.schemas import ExplanationResponse
from readmission.prediction import WhatIfResponse

router = APIRouter(tags=["predictions"])

_REFUSED = (
    shared.errors(400, "The body cannot be read.", not_utf8=shared.UNREADABLE)
    | shared.errors(413, "The body is larger than an encounter's.", too_large=shared.TOO_LARGE)
    | shared.errors(422, "Each refused field is named with what it allows.", refused=shared.REFUSED)
    | shared.errors(429, "As many wait as may, or the key asks too often.", busy=shared.BUSY, limited=LIMITED)
)
EXPLAIN_ANSWERS = (
    shared.answers(rich=examples.EXPLAINED)
    | _REFUSED
    | shared.errors(409, "The version cannot be explained.", no_reasons=shared.NO_REASONS)
    | shared.errors(
        503,
        "No model is in production, or neither database nor journal takes the row.",
        no_model=shared.NO_MODEL,
        not_logged=shared.NOT_LOGGED,
    )
    | refusals(EXPLAIN)
)
WHAT_IF_ANSWERS = (
    shared.answers(rich=examples.WHAT_IF)
    | _REFUSED
    | shared.errors(503, "No model is in production.", no_model=shared.NO_MODEL)
    | refusals(WHAT_IF)
)
InLanguage = Annotated[
    Language | SkipJsonSchema[None],
    Query(description="of names and values; what the header Accept-Language asks for unless given, else Spanish"),
]
_Encounter = Annotated[PredictionRequest, Body(openapi_examples={"rich": shared.REQUESTS["rich"]})]
_ANSWERED_BEFORE = "`Predicting` answers it before it comes here: this is what OpenAPI tells of it"


@router.post(EXPLAIN, summary="Predict one encounter, and tell why", responses=EXPLAIN_ANSWERS)
async def post_explanation(request: _Encounter, language: InLanguage = None) -> ExplanationResponse:
    """Predicts as `POST /predict` does, logs it as that does, and tells what every field adds to the mean prediction.

    The base and the contributions add up to the probability. They explain the model, not the patient.
    """
    raise NotImplementedError(_ANSWERED_BEFORE)


@router.post(WHAT_IF, summary="Ask what another value would change", responses=WHAT_IF_ANSWERS)
async def post_what_if(request: _Encounter, language: InLanguage = None) -> WhatIfResponse:
    """The risk of the encounter with each other value of each field that a ward can change, one at a time.

    These are no predictions for a patient, so that none is logged. They say how the model would answer, not what a
    change would do to the patient.
    """
    raise NotImplementedError(_ANSWERED_BEFORE)
