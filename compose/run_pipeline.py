"""Runs the four DAGs in order through Airflow's REST API, from a container that shares the API server's network."""

import argparse
import json
from collections.abc import Callable
from typing import NoReturn

from rich.console import Console

from connections.settings import settings_or_exit
from readmission.dag_runs.airflow_api import AirflowClient
from readmission.dag_runs.progress_table import ProgressTable
from readmission.dag_runs.run import PIPELINE, run_pipeline
from readmission.errors import ReadmissionError


def main() -> int:
    """Returns 1 when a run fails; the end of the failed task's log is shown."""
    conf = _params()
    settings, console = settings_or_exit(), Console()
    password = settings.airflow_admin_password.get_secret_value()
    airflow = AirflowClient(settings.url("airflow"), settings.airflow_admin_user, password)
    try:
        with airflow, ProgressTable(console, "The pipeline, DAG by DAG", "DAG") as table:
            seconds = run_pipeline(airflow, table.dag, conf)
    except ReadmissionError as error:
        console.print(str(error), markup=False, highlight=False)
        return 1
    console.print(f"all four DAGs succeeded in {sum(seconds.values()):.0f} s")
    return 0


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no JSON ({error})") from error


def _params() -> dict[str, dict[str, object]]:
    """What is given besides the DAGs' defaults, by DAG."""
    parser = argparse.ArgumentParser(description=__doc__)
    example = '{"entrenar_modelo": {"n_estimators": 40}}'
    parser.add_argument("--conf", metavar="JSON", type=_json, default={}, help=f"params by DAG, such as {example}")
    return _checked(parser.parse_args().conf, parser.error)


def _checked(conf: object, refuse: Callable[[str], NoReturn]) -> dict[str, dict[str, object]]:
    if not isinstance(conf, dict) or not all(isinstance(params, dict) for params in conf.values()):
        refuse("--conf is no JSON object of params by DAG")
    if unknown := sorted(conf.keys() - {*PIPELINE}):
        refuse(f"--conf names {', '.join(unknown)}; the DAGs are {', '.join(PIPELINE)}")
    return conf


if __name__ == "__main__":
    raise SystemExit(main())
