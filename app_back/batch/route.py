"""The endpoint for batches."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from app_back import examples as shared
from app_back.batch import examples
from app_back.batch.batches import Deadline
from app_back.batch.bodies import kind_of
from app_back.body_limit import BATCH_PATH
from app_back.deps import BatchesDep
from app_back.errors import BatchTooLongError
from app_back.schemas import BatchResponse

router = APIRouter(responses=shared.errors(500, "The service failed.", failed=shared.FAILED))

OnError = Annotated[
    Literal["refuse", "report"],
    Query(description="`refuse`: one bad encounter refuses all; `report`: each has a prediction or an error"),
]


@router.post(
    BATCH_PATH,
    tags=["predictions"],
    summary="Predict many encounters",
    responses=examples.ANSWERS,
    openapi_extra=examples.BODY,
    response_model=BatchResponse,
)
async def post_batch(request: Request, batches: BatchesDep, on_error: OnError = "refuse") -> Response:
    """Predicts for up to 10,000 patients: as JSON, as NDJSON (an object a line) or as CSV (fields as header).

    All predictions are logged in one commit before any is answered: either all are rows of `RAW_DATA.predictions`, or
    none is. Two encounters may have the same `encounter_ref`. It supports decisions; it makes none.
    """
    kind = kind_of(request)
    with batches.place() as deadline:
        body = await _body(request, deadline)
        answer = await batches.answer(body, kind, on_error == "report", request.state.request_id, deadline)
    return Response(answer, media_type="application/json")


async def _body(request: Request, deadline: Deadline) -> bytes:
    try:
        async with asyncio.timeout(deadline.left):
            return await request.body()
    except TimeoutError:
        raise BatchTooLongError(deadline.seconds) from None
