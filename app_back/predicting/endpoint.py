"""The route itself: a plain ASGI endpoint, whose documentation is that of a FastAPI route with the same body."""

from json import JSONDecodeError
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from app_back.json_body import is_json, read_json
from app_back.predicting.group_commit import GroupCommit
from app_back.predicting.scored import Encounter
from app_back.request_model import PredictionRequest
from app_back.requests import request_id_of


class PredictionRoute(APIRoute):
    """Declared as any route is, so that OpenAPI has it; answered by `predict`, past all that FastAPI does for one."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.app = predict


async def predict(scope: Scope, receive: Receive, send: Send) -> None:
    """Parses a request, completes it, and sends the answer when its row is durable."""
    if not is_json(scope):
        raise RequestValidationError([{"type": "model_type", "loc": ("body",)}])
    request = _parsed(await _body(receive))
    encounter = Encounter.of(request.sent(), request_id_of(scope))
    predictions: GroupCommit = scope["app"].state.predictions
    await _send(send, await predictions.answer(encounter))


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _parsed(body: bytes) -> PredictionRequest:
    try:
        return PredictionRequest.model_validate(read_json(body))
    except JSONDecodeError as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", error.pos)}]) from error
    except ValidationError as error:
        raise RequestValidationError([{**found, "loc": ("body", *found["loc"])} for found in error.errors()]) from error


async def _send(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
