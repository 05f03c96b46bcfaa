"""Where files are is the server's alone: a client names no place for an experiment's, and none for a version's."""

import re

from flask import Flask, Response, jsonify, request
from mlflow.protos.model_registry_pb2 import CreateModelVersion
from mlflow.protos.service_pb2 import CreateExperiment
from mlflow.server.handlers import _get_request_message, catch_mlflow_exception

# A version is one of the models that were logged here, whose files are where the server put them.
_LOGGED_MODEL = re.compile(r"models:/m-[0-9a-f]{32}")
_OF_EXPERIMENTS = "where artifacts are is the server's to say: an experiment cannot name a place for its own"
_OF_VERSIONS = "where artifacts are is the server's to say: a version is a model that was logged here, models:/m-…"


def keep(app: Flask) -> None:
    """Has the application refuse both, before anything else looks at them."""
    app.before_request(catch_mlflow_exception(_refusal))  # type: ignore[no-untyped-call]


def _refusal() -> tuple[Response, int] | None:
    """Reads a request as its handler will, which takes a field by either of its two names."""
    if request.path.endswith("/mlflow/experiments/create"):
        experiment = _get_request_message(CreateExperiment())  # type: ignore[no-untyped-call]
        return _refused(_OF_EXPERIMENTS) if experiment.artifact_location else None
    if request.path.endswith("/mlflow/model-versions/create"):
        version = _get_request_message(CreateModelVersion())  # type: ignore[no-untyped-call]
        return None if _LOGGED_MODEL.fullmatch(version.source) else _refused(_OF_VERSIONS)
    return None


def _refused(why: str) -> tuple[Response, int]:
    return jsonify(error_code="INVALID_PARAMETER_VALUE", message=why), 400
