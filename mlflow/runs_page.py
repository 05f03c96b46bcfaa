"""Prints the page of this MLflow server that lists an experiment's runs: its start page shows other things."""

import json
import sys
from http.client import HTTPException
from urllib.parse import quote

from healthcheck import request

from connections.http_health import past_proxies


def runs_page(experiment: str) -> str:
    """The page's place below the server's address; the list of experiments while there is no such one."""
    path = f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={quote(experiment)}"
    try:
        with past_proxies.open(request(path), timeout=4) as answer:
            where = f"/{json.load(answer)['experiment']['experiment_id']}/runs"
    except (OSError, HTTPException, ValueError):  # nobody, too late, or not MLflow
        where = ""
    return f"/#/experiments{where}?workflowType=machine_learning"


if __name__ == "__main__":
    sys.stdout.write(runs_page(sys.argv[1]))
