"""Deletes what of the embedded platform grows and no longer serves: in Airflow, and in MLflow."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local import airflow
from readmission.local.mlflow_server import SERVE, mlflow
from readmission.local.service import Folders, program

_MLFLOW = SERVE.parent / "prune.py"


class NotPrunedError(ReadmissionError):
    """Something could not be deleted; the message says why."""


def prune(settings: Settings, keep: int, days: int, dry: bool) -> Iterator[str]:
    """Says, a line for each, what was deleted, or with `dry` what would be.

    Raises:
        NotPrunedError: a program failed; what the ones before it deleted stays deleted.
    """
    state, only_say = Folders.of(settings).state, ("--dry",) if dry else ()
    if not (state / "mlflow/mlflow.db").is_file():
        raise NotPrunedError(f"nothing was deleted: there is no embedded platform in {settings.state_dir} (make demo)")
    if (state / "airflow/airflow.db").is_file():
        command = ("-m", "readmission.airflow_prune", f"--days={days}", *only_say)
        yield _said(command, airflow.environment(settings), state / "airflow")
    service = mlflow(settings)
    command = (str(_MLFLOW), f"--keep={keep}", f"--days={days}", *only_say)
    yield _said(command, service.environment, service.folder)


def _said(command: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run((program("python"), *command), env=environment, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotPrunedError(f"{command[-1]}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout.strip().splitlines()[-1]
