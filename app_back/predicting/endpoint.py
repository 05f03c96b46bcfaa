"""`POST /predict` as a plain ASGI endpoint, before all that FastAPI does for a request; a route documents it."""

from json import JSONDecodeError

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app_back.body_limit import MAX_BODY_BYTES, limited
from app_back.errors import answer_to
from app_back.json_body import is_json, read_json
from app_back.predicting.group_commit import GroupCommit
from app_back.predicting.scored import Encounter
from app_back.request_model import PredictionRequest
from app_back.requests import request_id_of
from readmission.features import complete_request

PATH = "/predict"


class Predicting:
    """ASGI middleware: answers `POST /predict` itself, failures included, and passes on everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One look at the path is all that another request pays."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            answer = await _predicted(scope, limited(receive, MAX_BODY_BYTES))
        except Exception as error:
            await answer_to(error)(scope, receive, send)
        else:
            await _send(send, answer)


async def _predicted(scope: Scope, receive: Receive) -> bytes:
    """Parses a request, completes it, and gives the answer when its row is durable."""
    if not is_json(scope):
        raise RequestValidationError([{"type": "model_type", "loc": ("body",)}])
    request = _parsed(await _body(receive))
    predictions: GroupCommit = scope["app"].state.predictions
    return await predictions.answer(Encounter(complete_request(request.sent()), request_id_of(scope)))


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
