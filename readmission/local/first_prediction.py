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
        if answer.json()["version"] != version:
            raise PredictionError(f"does not serve version {version}: {answer.text[:300]}", self.log)

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> httpx.Response:
        """Its answer; raises PredictionError when there is none, or a refusal."""
        try:
            answer = self.http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise PredictionError(f"does not answer: {error}", self.log) from error
        if answer.is_error:
            raise PredictionError(f"refused {method} {path}: {answer.status_code} {answer.text[:300]}", self.log)
        return answer
