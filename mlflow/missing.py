"""A model that is not there is said not to be there.

MLflow's authorization comes before that, and calls forbidden what it does not find: a client would take it for a fault
of its account. Who has an account may read every model, so that nothing is given away.
"""

from flask import Flask, request
from mlflow.server.handlers import _get_model_registry_store, catch_mlflow_exception

_OF_A_MODEL = ("/registered-models/alias", "/model-versions/get", "/model-versions/get-download-uri")


def tell(app: Flask) -> None:
    """Has the application look first, in what asks for a version."""
    app.before_request(catch_mlflow_exception(_look))  # type: ignore[no-untyped-call]


def _look() -> None:
    name = request.args.get("name")
    if name and request.method == "GET" and request.path.endswith(_OF_A_MODEL):
        _get_model_registry_store().get_registered_model(name)  # type: ignore[no-untyped-call]
