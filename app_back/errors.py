"""One exception a failure, and the one place that turns any failure into the service's JSON error shape."""

import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app_back.schemas import MAX_LISTED, ErrorDetail, ErrorResponse, FieldRefusal
from readmission.features import BY_NAME, FIELDS, FieldError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10
# The server drops the connection after these; a client that is told so does not use it again.
_CLOSE = {"Connection": "close"}
HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    431: "head_too_large",
}
_PARAMETERS = {"limit": f"a whole number from 1 to {MAX_LISTED}", "on_error": "refuse or report"}
_PARAMETERS |= {"explain": "true or false", "language": "es or en", "format": "json, md or html"}
_SHOWN = 64
# Rows, and refused fields, of a batch that an answer names.
MOST_TOLD = 20


class ServiceError(Exception):
    """A failure that is the service's and not the request's: 503 as a rule, and the message says what to do."""

    code = "unavailable"
    status = 503
    retry_seconds: int | None = RETRY_SECONDS

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer has beside its body."""
        return {} if self.retry_seconds is None else {"Retry-After": str(self.retry_seconds)}


class NoModelError(ServiceError):
    """No model version is in production, or it could not be loaded yet."""

    code = "no_model"


class LogUnavailableError(ServiceError):
    """The predictions table cannot be written or read."""

    code = "prediction_log_unavailable"


class BusyError(ServiceError):
    """As many predictions wait as may."""

    code = "busy"
    status = 429
    retry_seconds = 1

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} predictions wait already; send this one again a moment later")


class NoReasonsError(ServiceError):
    """The version that answers cannot be explained: it was trained before there were reasons."""

    code = "no_reasons"
    status = 409
    retry_seconds: int | None = None

    def __init__(self, version: str) -> None:
        super().__init__(
            f"version {version} was trained before risks could be explained, and nothing is predicted or logged; train "
            "again (entrenar_modelo), or ask POST /predict without explain"
        )


class NoCardError(ServiceError):
    """The version that answers has no card: it was trained before versions had one."""

    code = "no_card"
    status = 404
    retry_seconds: int | None = None

    def __init__(self, version: str) -> None:
        super().__init__(f"version {version} was trained before versions had a card; train again (entrenar_modelo)")


class BatchBusyError(ServiceError):
    """As many batches are answered as may be at a time."""

    code = "busy"
    status = 429
    retry_seconds = 5

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} batches are being answered already; send this one again a little later")


class BatchTooLongError(ServiceError):
    """A batch was not answered within its limit of time."""

    code = "batch_too_long"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the batch was not answered within {seconds:g} s (BATCH_SECONDS), and nothing of it is logged; send fewer "
            "encounters at a time"
        )


class RefusedError(Exception):
    """A request is refused: 422, and each refusal names a field and what it allows."""

    def __init__(self, fields: Sequence[FieldRefusal], message: str | None = None) -> None:
        names = ", ".join(dict.fromkeys(refusal.field for refusal in fields))
        super().__init__(names)
        message = message or f"the request is refused: {names}"
        self.detail = ErrorDetail(code="invalid_request", message=message, fields=list(fields))


def refusal_of(rows: Mapping[int, Sequence[FieldRefusal]]) -> RefusedError:
    """What is refused of a batch, by the number of the row: how many rows, and the first refusals."""
    fields = [each.model_copy(update={"row": row}) for row, refusals in rows.items() for each in refusals]
    first = "; ".join(
        f"row {row}: {', '.join(dict.fromkeys(each.field for each in refusals))}"
        for row, refusals in islice(rows.items(), MOST_TOLD)
    )
    counted = "1 encounter is" if len(rows) == 1 else f"{len(rows):,} encounters are"
    more = f"; and {len(rows) - MOST_TOLD:,} more" if len(rows) > MOST_TOLD else ""
    return RefusedError(fields[:MOST_TOLD], f"{counted} refused, nothing is logged of them: {first}{more}")


class NotReadyError(ServiceError):
    """A health check failed; the message names it."""

    code = "not_ready"


def add_error_handlers(app: FastAPI) -> None:
    """Gives every failure, the framework's own included, the shape of `ErrorResponse`."""
    for kind in _ANSWERS:
        app.add_exception_handler(kind, lambda _request, error: _shaped(error))


def answer_to(error: Exception) -> JSONResponse:
    """The answer for a failure; one that nobody foresaw is logged whole and told as the service's own."""
    if not isinstance(error, tuple(kind for kind in _ANSWERS if kind is not Exception)):
        logger.error("a request failed", exc_info=error)
    return _shaped(error)


def _shaped(error: Exception) -> JSONResponse:
    return next(answer(error) for kind, answer in _ANSWERS.items() if isinstance(error, kind))


def _service_error(error: ServiceError) -> JSONResponse:
    return _answer(error.status, error.code, error.message, headers=error.headers)


def _refused_error(error: RefusedError) -> JSONResponse:
    return JSONResponse(ErrorResponse(error=error.detail).model_dump(exclude_none=True), status_code=422)


def _field_error(error: FieldError) -> JSONResponse:
    refusal = FieldRefusal(field=error.field, message=error.reason, allowed=BY_NAME[error.field].allowed)
    return _refused_error(RefusedError([refusal]))


def _invalid_request(error: RequestValidationError) -> JSONResponse:
    return _refused_error(RefusedError([explained(problem) for problem in error.errors()]))


def _http_error(error: HTTPException) -> JSONResponse:
    code = HTTP_CODES.get(error.status_code, f"http_{error.status_code}")
    headers = _CLOSE if error.status_code == 413 else error.headers
    return _answer(error.status_code, code, str(error.detail), headers=headers)


def _internal_error(_error: Exception) -> JSONResponse:
    return _answer(500, "internal_error", "the service failed; its log has the details", headers=_CLOSE)


# The first kind that a failure is of decides its answer.
_ANSWERS: dict[type[Exception], Callable[[Any], JSONResponse]] = {
    ServiceError: _service_error,
    RefusedError: _refused_error,
    FieldError: _field_error,
    RequestValidationError: _invalid_request,
    HTTPException: _http_error,
    Exception: _internal_error,
}


def _answer(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    body = ErrorResponse(error=ErrorDetail(code=code, message=message, **more))
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, headers=headers)


def explained(problem: Mapping[str, Any]) -> FieldRefusal:
    """The refusal for one of pydantic's errors about a body or a query parameter."""
    place, *path = problem["loc"]
    if problem["type"] == "json_invalid" or not path:
        return _whole_body(problem)
    name = _shown(str(path[0]))
    if problem["type"] == "extra_forbidden":
        known = ", ".join(field.name for field in FIELDS)
        return FieldRefusal(field=name, message="is not a field of this service", allowed=f"the fields {known}")
    allowed = _PARAMETERS[name] if place == "query" else BY_NAME[name].allowed
    return FieldRefusal(field=name, message=_message(problem), allowed=allowed)


def _whole_body(problem: Mapping[str, Any]) -> FieldRefusal:
    message = "is not valid JSON" if problem["type"] == "json_invalid" else "is not a JSON object"
    return FieldRefusal(
        field="body", message=message, allowed="a JSON object of fields, sent with Content-Type: application/json"
    )


def _message(problem: Mapping[str, Any]) -> str:
    """The contract's reason where it was the contract that refused, else pydantic's."""
    error = problem.get("ctx", {}).get("error")
    return error.reason if isinstance(error, FieldError) else str(problem["msg"])


def _shown(name: str) -> str:
    """A name from outside, printable and short."""
    printable = name.encode("unicode_escape").decode("ascii") if not name.isprintable() else name
    return printable if len(printable) <= _SHOWN else f"{printable[:_SHOWN]}…"
