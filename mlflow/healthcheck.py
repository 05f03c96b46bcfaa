"""Asks the MLflow server what its clients ask: the registry (MySQL behind it) and the artifacts (the object store).

`/health` answers 200 even where every client is refused, by its Host header or its login: the Host is the clients' one,
and the account that of the prediction service, which may read.
"""

import os
import sys
from base64 import b64encode
from urllib.request import Request

from connections.http_health import code

SERVER = "http://127.0.0.1:5000"
HOST = "mlflow:5000"
ALIVE = "/health"
PATHS = (
    "/api/2.0/mlflow/registered-models/search?max_results=1",
    "/api/2.0/mlflow-artifacts/artifacts?path=healthcheck",
)


def request(path: str) -> Request:
    """A question to the server of this container, as a client asks it."""
    login = f"api:{os.environ['MLFLOW_API_PASSWORD']}".encode()
    return Request(SERVER + path, headers={"Host": HOST, "Authorization": f"Basic {b64encode(login).decode()}"})


if __name__ == "__main__":
    sys.exit(code(request(ALIVE), map(request, PATHS)))
