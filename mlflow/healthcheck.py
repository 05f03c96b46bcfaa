"""Asks the MLflow server what its clients ask: the registry (MySQL behind it) and the artifacts (the object store).

`/health` answers 200 even where every client is refused, by its Host header or its login: the Host is the clients' one,
and the account that of the prediction service, which may read.
"""

import os
from base64 import b64encode
from urllib.request import ProxyHandler, Request, build_opener

# A container may be given proxies, which are for the internet.
past_proxies = build_opener(ProxyHandler({}))
SERVER = "http://127.0.0.1:5000"
HOST = "mlflow:5000"
PATHS = (
    "/api/2.0/mlflow/registered-models/search?max_results=1",
    "/api/2.0/mlflow-artifacts/artifacts?path=healthcheck",
)


def request(path: str) -> Request:
    """A question to the server of this container, as a client asks it."""
    login = f"api:{os.environ['MLFLOW_API_PASSWORD']}".encode()
    return Request(SERVER + path, headers={"Host": HOST, "Authorization": f"Basic {b64encode(login).decode()}"})


def main() -> None:
    """Raises, and so exits with 1, unless both answer 200."""
    for path in PATHS:
        with past_proxies.open(request(path), timeout=4) as answer:
            answer.read()


if __name__ == "__main__":
    main()
