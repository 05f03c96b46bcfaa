"""The prediction API as the form sees it: four calls, typed answers, and one typed error per way they can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from connections.failures import words
from readmission.features import FIELDS
from readmission.prediction import PredictionResponse, WhatIfResponse

# The page waits for the model's name before it is drawn, so it waits less for it.
MODEL_TIMEOUT = httpx.Timeout(3.0)
TIMEOUT = httpx.Timeout(10.0, connect=3.0)
NO_STATUS = 0
_LONGEST_KIND = 60

Shape = TypeVar("Shape", bound=BaseModel)


class ProductionModel(BaseModel):
    """The version that answers now (GET /model); `target` is "lt30" (within 30 days) or "any".

    `features` are the fields that it uses.
    """

    name: str
    version: str
    dataset: str
    target: str
    features: list[str] = []

    @property
    def uses_history(self) -> bool:
        """Whether it uses what is known of a patient's earlier stays."""
        return any(field.history for field in FIELDS if field.name in self.features)


class RefusedField(BaseModel):
    """A field the API refused and what it allows."""

    field: str
    message: str = ""
    allowed: str = ""


class _Error(BaseModel):
    message: str
    fields: list[RefusedField] = []


class _ErrorBody(BaseModel):
    error: _Error


class ApiError(Exception):
    """The API gave no prediction."""


@dataclass(eq=False)
class Unreachable(ApiError):
    """Nothing answers at the API's address."""

    address: str


@dataclass(eq=False)
class TooSlow(ApiError):
    """The API did not answer in time."""

    address: str


@dataclass(eq=False)
class NotReady(ApiError):
    """The API is alive and cannot predict yet (503); `message` says what it waits for."""

    message: str


@dataclass(eq=False)
class Refused(ApiError):
    """The API refuses the request (422)."""

    message: str = ""
    fields: list[RefusedField] = field(default_factory=list)


@dataclass(eq=False)
class Unexpected(ApiError):
    """An answer outside the API's contract."""

    status: int
    detail: str


class PredictionClient:
    """Calls the prediction API at `address`, with a key of its own."""

    def __init__(self, address: str, key: str = "", timeout: httpx.Timeout = TIMEOUT) -> None:
        self.address = address
        self._headers = {"X-API-Key": key} if key else {}
        self._timeout = timeout

    def model(self) -> ProductionModel:
        """The model in production.

        Raises:
            ApiError: one of its kinds; `NotReady` while there is no model.
        """
        return self._answer(self._call("GET", "/model", MODEL_TIMEOUT), ProductionModel)

    def predict(self, request: Mapping[str, str | int]) -> PredictionResponse:
        """The prediction for an encounter, with its reasons where the version has any.

        Raises:
            ApiError: one of its kinds.
        """
        response = self._call("POST", "/predict?explain=true", self._timeout, request)
        if response.status_code == httpx.codes.CONFLICT:  # the version has none: nothing was predicted yet
            response = self._call("POST", "/predict", self._timeout, request)
        return self._answer(response, PredictionResponse)

    def what_if(self, request: Mapping[str, str | int]) -> WhatIfResponse:
        """The risks of the encounter with one value changed, which are no predictions and are not logged.

        Raises:
            ApiError: one of its kinds.
        """
        return self._answer(self._call("POST", "/what-if", self._timeout, request), WhatIfResponse)

    def card(self) -> str | None:
        """The card of the version that answers, in Markdown; None of a version of before there were cards.

        Raises:
            ApiError: one of its kinds.
        """
        response = self._call("GET", "/model/card?format=md", MODEL_TIMEOUT)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code != httpx.codes.OK:
            raise _error(response)
        return response.text

    def _call(
        self, method: str, path: str, timeout: httpx.Timeout, body: Mapping[str, str | int] | None = None
    ) -> httpx.Response:
        try:
            # trust_env: a proxy set for the internet must not catch calls to a neighbouring service.
            with httpx.Client(base_url=self.address, headers=self._headers, timeout=timeout, trust_env=False) as http:
                return http.request(method, path, json=body)
        except (httpx.NetworkError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unreachable(self.address) from error
        except httpx.TimeoutException as error:
            raise TooSlow(self.address) from error
        except httpx.HTTPError as error:
            raise Unexpected(NO_STATUS, words(error)) from error

    def _answer(self, response: httpx.Response, shape: type[Shape]) -> Shape:
        if response.status_code != httpx.codes.OK:
            raise _error(response)
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            raise Unexpected(response.status_code, described(response)) from error


def described(response: httpx.Response) -> str:
    """An answer without what it says: another address, as one that a redirect led to, may list patients."""
    kind = response.headers.get("content-type", "").partition(";")[0][:_LONGEST_KIND] or "no content type"
    return f"{len(response.content):,} bytes, {kind}"


def _error(response: httpx.Response) -> ApiError:
    try:
        error = _ErrorBody.model_validate_json(response.content).error
    except ValidationError:
        return Unexpected(response.status_code, described(response))
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return NotReady(error.message)
    if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        return Refused(error.message, error.fields)
    return Unexpected(response.status_code, error.message)
