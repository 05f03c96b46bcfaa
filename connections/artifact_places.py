"""Where files of MLflow's may lie, as its clients are told: never on the machine of who asks."""

import re

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

# Behind the server that was asked, or in an object store. `mlflow-artifacts://` would name another server, which the
# client logs in to as it does at its own.
_STORES = re.compile(r"mlflow-artifacts:/(?!/)|(?:s3|gs|wasbs?|abfss?)://")


def require_store(place: str) -> str:
    """The place, if it is one of a store's: MLflow's client would write to, or read from, any path or address.

    Raises:
        MlflowException: it is not.
    """
    if _STORES.match(place):
        return place
    told = f"{place!r} is no place of a store's: nothing of MLflow's is read or written there"
    raise MlflowException(told, PERMISSION_DENIED)
