"""Airflow's services: its API server, scheduler and DAG processor, with LocalExecutor on SQLite.

There is no triggerer, since nothing here is deferred.
"""

import json
import os
from importlib.metadata import version
from pathlib import Path

from connections.settings import Settings, machine_environment
from readmission.local.health import airflow_component_healthy
from readmission.local.service import Folders, Port, Service
from readmission.local.stores import program

DAGS = Path(__file__).parents[2] / "dags"
_MOST_TASKS = 4
_PASSWORDS = "passwords.json"
_MIGRATED = "migrated-to"


def services(settings: Settings) -> tuple[Service, ...]:
    """The three programs, in the order in which they are best started."""
    return (
        _component(
            settings,
            "api-server",
            ("api-server", f"--host={settings.bind_address}", f"--port={settings.port('airflow')}", "--workers=1"),
            health="metadatabase",
            ports=(Port(settings.port("airflow"), "AIRFLOW_PORT"),),
        ),
        # Without --skip-serve-logs it would serve logs on 0.0.0.0.
        _component(settings, "scheduler", ("scheduler", "--skip-serve-logs"), health="scheduler"),
        _component(settings, "dag-processor", ("dag-processor",), health="dag_processor"),
    )


def _component(
    settings: Settings, name: str, arguments: tuple[str, ...], *, health: str, ports: tuple[Port, ...] = ()
) -> Service:
    full_name = f"airflow-{name}"
    return Service(
        name=full_name,
        title=f"Airflow {name.replace('-', ' ')}",
        command=(program("airflow"), *arguments),
        environment=environment(settings),
        folder=_home(settings),
        log=Folders.of(settings).logs / f"{full_name}.log",
        healthy=lambda: airflow_component_healthy(settings.url("airflow"), health),
        ports=ports,
        address=settings.url("airflow") if ports else None,
        start_seconds=180,
    )


def environment(settings: Settings) -> dict[str, str]:
    """What Airflow and the pipeline's tasks, which it runs, are given; no keys of the object store."""
    home = _home(settings)
    return (
        machine_environment()
        | settings.as_environment("database_url")
        | {
            "MLFLOW_TRACKING_URI": settings.tracking_uri,
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
            "AIRFLOW__API__BASE_URL": settings.url("airflow"),
            "AIRFLOW__API__SECRET_KEY": settings.airflow_secret_key.get_secret_value(),
            "AIRFLOW__API_AUTH__JWT_SECRET": settings.airflow_jwt_secret.get_secret_value(),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            # A DAG that was edited is read again soon, and tasks are not kept waiting on a quiet machine.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
        }
    )


def _tasks_at_once() -> int:
    """A task a core: more only cost memory, 0.5 GB each. Two at least, so that a long one blocks no short one."""
    return max(2, min(_MOST_TASKS, os.cpu_count() or 1))


def write_password(settings: Settings) -> None:
    """Gives Airflow's account its password from the settings."""
    path = _home(settings) / _PASSWORDS
    path.touch(mode=0o600)
    password = settings.airflow_admin_password.get_secret_value()
    path.write_text(json.dumps({settings.airflow_admin_user: password}), encoding="utf-8")


def migration(settings: Settings) -> tuple[str, ...] | None:
    """The command that makes or upgrades Airflow's own database; None when this version of Airflow did so before."""
    done = _home(settings) / _MIGRATED
    if done.is_file() and done.read_text(encoding="utf-8") == version("apache-airflow-core"):
        return None
    return (program("airflow"), "db", "migrate")


def migrated(settings: Settings) -> None:
    """Records that the migration succeeded."""
    (_home(settings) / _MIGRATED).write_text(version("apache-airflow-core"), encoding="utf-8")


def _home(settings: Settings) -> Path:
    return Folders.of(settings).of_service("airflow")
