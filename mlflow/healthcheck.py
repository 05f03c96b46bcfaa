"""Asks the MLflow server what its clients ask: the registry (MySQL behind it) and the artifacts (the object store).

`/health` answers 200 even where every client is refused by its Host header, so the Host is the clients' one.
"""

from urllib.request import ProxyHandler, Request, build_opener

# A container may be given proxies, which are for the internet.
past_proxies = build_opener(ProxyHandler({}))
SERVER = "http://127.0.0.1:5000"
HOST = "mlflow:5000"
PATHS = (
    "/api/2.0/mlflow/registered-models/search?max_results=1",
    "/api/2.0/mlflow-artifacts/artifacts?path=healthcheck",
)


def main() -> None:
    """Raises, and so exits with 1, unless both answer 200."""
    for path in PATHS:
        with past_proxies.open(Request(SERVER + path, headers={"Host": HOST}), timeout=4) as answer:
            answer.read()


if __name__ == "__main__":
    main()
