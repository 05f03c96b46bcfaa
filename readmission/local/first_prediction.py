"""The demo's prediction, asked of the service once that serves the version in production."""

from dataclasses import dataclass
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.features import ORIGINAL_FIELDS
from readmission.local import serving
from readmission.prediction import PredictionResponse

_FOLLOW_SECONDS = 120.0
_ANSWER_SECONDS = 30.0


class PredictionError(ReadmissionError):
    """The prediction service did not answer as it should; the message ends with the log to read."""

    def __init__(self, what: str, log: Path) -> None:
        super().__init__(f"the prediction service {what}\nIts log says more: {log} (`make logs SERVICE=api`)")


def predict(settings: Settings, version: str | None, follow_seconds: float = _FOLLOW_SECONDS) -> PredictionResponse:
    """The answer to a request of defaults, by `version`; the service has `follow_seconds` to take that up.

    Raises:
        PredictionError: it did not take it up, refused, or did not answer.
    """
    waiting = Retrying(
        stop=stop_after_delay(follow_seconds),
        wait=wait_fixed(0.2),
        retry=retry_if_exception_type(PredictionError),
        reraise=True,
    )
    own = {"X-API-Key": settings.form_api_key.get_secret_value()}
    with httpx.Client(base_url=settings.url("api"), headers=own, timeout=_ANSWER_SECONDS, trust_env=False) as http:
        api = _Api(http, serving.api(settings).log)
        waiting(api.require_version, version)
        answer = api.ask("POST", "/predict", {field.name: field.default for field in ORIGINAL_FIELDS})
    return PredictionResponse.model_validate(answer.json())


@dataclass(frozen=True)
class _Api:
    http: httpx.Client
    log: Path

    def require_version(self, version: str | None) -> None:
        """Raises PredictionError unless the service has this version in memory."""
        answer = self.ask("GET", "/model")
        if _version(answer) != version:
            raise PredictionError(f"does not serve version {version} but {_version(answer)}", self.log)

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> httpx.Response:
        """Its answer; raises PredictionError when there is none, or a refusal."""
        try:
            answer = self.http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise PredictionError(f"does not answer: {error}", self.log) from error
        if answer.is_error:
            raise PredictionError(f"refused {method} {path}: {answer.status_code} {_said(answer)}", self.log)
        return answer


def _version(answer: httpx.Response) -> str | None:
    return _told(answer, "version")


def _said(answer: httpx.Response) -> str:
    """What the service says of a refusal; nothing of an answer in another shape, which may list patients."""
    return _told(answer, "error", "message") or f"with {len(answer.content):,} bytes that are not its own kind of error"


def _told(answer: httpx.Response, *path: str) -> str | None:
    """The text at a place in a JSON answer, if there is one."""
    try:
        found = answer.json()
    except ValueError:
        return None
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found[:300] if isinstance(found, str) else None
