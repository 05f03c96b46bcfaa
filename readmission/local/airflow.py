"""Airflow's services: its API server, scheduler and DAG processor, with LocalExecutor on SQLite.

There is no triggerer, since nothing here is deferred.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from connections.settings import Settings, machine_environment
from readmission.local.health import airflow_component_healthy
from readmission.local.mlflow_server import mlflow_client
from readmission.local.service import Folders, Port, Service, ServiceFailedError, program

DAGS = Path(__file__).parents[2] / "dags"
FIRST = "airflow-api-server"
_MOST_TASKS = 4
_MIGRATE_SECONDS = 300
_PASSWORDS = "passwords.json"
_MIGRATED = "migrated-to"
# Airflow writes its defaults into a file that it does not find, with the folder's path of that day in them.
_NOTHING = "# What differs from Airflow's defaults is in the environment of its processes.\n"


def services(settings: Settings) -> tuple[Service, ...]:
    """The three programs, in the order in which they are best started; `prepare` comes before the first of them."""
    port = settings.port("airflow")
    serve = ("api-server", f"--host={settings.bind_address}", f"--port={port}", "--workers=1")
    api_server = replace(
        _component(settings, FIRST, serve, health="metadatabase"),
        port=Port(port, "AIRFLOW_PORT"),
        address=settings.public_url("airflow"),
    )
    return (
        api_server,
        # Without --skip-serve-logs it would serve logs on 0.0.0.0.
        _component(settings, "airflow-scheduler", ("scheduler", "--skip-serve-logs"), health="scheduler"),
        _component(settings, "airflow-dag-processor", ("dag-processor",), health="dag_processor"),
    )


def _component(settings: Settings, name: str, arguments: tuple[str, ...], health: str) -> Service:
    return Service(
        name=name,
        command=(program("airflow"), *arguments),
        environment=environment(settings),
        folder=_home(settings),
        log=Folders.of(settings).logs / f"{name}.log",
        healthy=lambda: airflow_component_healthy(settings.url("airflow"), health),
    )


def environment(settings: Settings) -> dict[str, str]:
    """What Airflow and the pipeline's tasks, which it runs, are given."""
    home = _home(settings)
    return (
        machine_environment(settings.own_hosts)
        | settings.as_environment("database_url", "model_signing_key")
        | mlflow_client(settings, "pipeline")
        | {
            # A task's log is Airflow's: MLflow's own lines and progress bars would come as errors there.
            "MLFLOW_CONFIGURE_LOGGING": "false",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(_tasks_at_once()),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
            "AIRFLOW__CORE__FERNET_KEY": settings.airflow_fernet_key.get_secret_value(),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{settings.airflow_admin_user}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / _PASSWORDS),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{settings.url('airflow')}/execution/",
            "AIRFLOW__API__BASE_URL": settings.public_url("airflow"),
            "AIRFLOW__API__SECRET_KEY": settings.airflow_secret_key.get_secret_value(),
            "AIRFLOW__API_AUTH__JWT_SECRET": settings.airflow_jwt_secret.get_secret_value(),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            # It sets the rights of its logs by itself, whatever the umask is.
            "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
            "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
            # A DAG that was edited is read again soon, and tasks are not kept waiting on a quiet machine.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
            # A task that was killed, or whose scheduler was, is taken as lost after a minute, and tried again.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        }
    )


def _tasks_at_once() -> int:
    """A task a core: more only cost memory, 0.5 GB each. Two at least, so that a long one blocks no short one."""
    return max(2, min(_MOST_TASKS, os.cpu_count() or 1))


def prepare(settings: Settings, migrating: Callable[[], None]) -> None:
    """Makes Airflow's files, with its account's password, and its database, or upgrades that; `migrating` tells of it.

    Raises:
        ServiceFailedError: the database could not be made.
    """
    _write_password(settings)
    (_home(settings) / "airflow.cfg").write_text(_NOTHING, encoding="utf-8")
    done = _home(settings) / _MIGRATED
    if done.is_file() and done.read_text(encoding="utf-8") == version("apache-airflow-core"):
        return
    migrating()
    path = Folders.of(settings).logs / "airflow-db-migrate.log"
    command = (program("python"), "-m", "readmission.airflow_tables")
    with path.open("wb") as log:
        migration = subprocess.run(
            command, env=environment(settings), cwd=_home(settings), stdout=log, stderr=log, timeout=_MIGRATE_SECONDS
        )
    if migration.returncode != 0:
        raise ServiceFailedError("Airflow's database could not be made", path)
    done.write_text(version("apache-airflow-core"), encoding="utf-8")


def _write_password(settings: Settings) -> None:
    path = _home(settings) / _PASSWORDS
    path.touch(mode=0o600)
    password = settings.airflow_admin_password.get_secret_value()
    path.write_text(json.dumps({settings.airflow_admin_user: password}), encoding="utf-8")


def _home(settings: Settings) -> Path:
    return Folders.of(settings).of_service("airflow")
