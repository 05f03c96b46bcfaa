"""`POST /predict` as a plain ASGI endpoint, before all that FastAPI does for a request; a route documents it.

`POST /explain` and `POST /what-if` take the same body, and refuse it alike.
"""

from json import JSONDecodeError

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app_back import body_limit
from app_back.errors import answer_to
from app_back.explaining.asked import Asked, asked_of
from app_back.explaining.explaining import Explaining
from app_back.json_body import is_json, read_json
from app_back.metrics import Metrics
from app_back.predicting.group_commit import GroupCommit
from app_back.predicting.scored import Encounter
from app_back.request_model import PredictionRequest
from app_back.requests import Seen
from readmission.features import complete_request

PATH, EXPLAIN, WHAT_IF = "/predict", "/explain", "/what-if"
_PLAINLY = Asked()
_ANSWERED = frozenset((PATH, EXPLAIN, WHAT_IF))


class Predicting:
    """ASGI middleware: answers these requests itself, failures included, and passes on everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One look at the path is all that another request pays."""
        if scope["type"] != "http" or scope["path"] not in _ANSWERED or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Seen(scope, self._metrics)
        try:
            await self._answer(request, scope, receive, send)
        finally:
            request.ended("POST", scope["path"])

    async def _answer(self, request: Seen, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await _predicted(request.identifier, scope, receive)
        except Exception as error:
            failure = answer_to(error)
            request.status = failure.status_code
            failure.raw_headers.append(request.header)
            await failure(scope, receive, send)
        else:
            request.status = 200
            await _send(send, answer, request.header)


async def _predicted(identifier: str, scope: Scope, receive: Receive) -> bytes:
    """Parses a request, completes it, and gives the answer when its row is durable."""
    if not is_json(scope):
        raise RequestValidationError([{"type": "model_type", "loc": ("body",)}])
    path = scope["path"]
    asked = asked_of(scope) if scope["query_string"] or path != PATH else _PLAINLY
    request = _parsed(await _body(receive))
    encounter = Encounter(complete_request(request.sent()), identifier)
    if path == PATH and not asked.explain:
        predictions: GroupCommit = scope["app"].state.predictions
        return await predictions.answer(encounter)
    explaining: Explaining = scope["app"].state.explaining
    if path == WHAT_IF:
        return await explaining.what_if(encounter.inputs, asked)
    return await explaining.explained(encounter, asked, whole=path == EXPLAIN)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        body_limit.check(len(body), body_limit.MAX_BODY_BYTES)
        more = message.get("more_body", False)
    return body


def _parsed(body: bytes) -> PredictionRequest:
    try:
        return PredictionRequest.model_validate(read_json(body))
    except JSONDecodeError as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body", error.pos)}]) from error
    except ValidationError as error:
        raise RequestValidationError([{**found, "loc": ("body", *found["loc"])} for found in error.errors()]) from error


async def _send(send: Send, body: bytes, identifier: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), identifier]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
