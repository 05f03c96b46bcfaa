"""The platform of this clone: what may not lead it elsewhere, and where it runs."""

import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connections import settings_file
from connections.settings import Settings, get_settings, home, settings_in_file

_ADDRESSES = ("bind_address", "port_offset", "airflow_port", "api_port", "form_port", "mlflow_port")


def stay_at_home() -> list[str]:
    """Keeps exported settings from leading the embedded platform elsewhere, and says so in a line each.

    `.env` may name such a place: that is this clone's own.
    """
    exported = [name for name in settings_file.NOT_EXPORTED if os.environ.pop(name, "")]
    return [
        f"{name} of the environment is not used: the embedded platform has its own; to use another, name it in .env"
        for name in exported
    ]


def running_settings() -> Settings:
    """The settings, with the addresses at which this clone's embedded platform was started, while that runs.

    What the environment names wins.

    Raises:
        SettingsError: a setting is not what it may be.
    """
    settings = get_settings()
    started = _started(settings.state_dir)
    known = {name: started[name.upper()] for name in _ADDRESSES if name.upper() in started.keys() - os.environ.keys()}
    return settings.model_copy(update={name: type(getattr(settings, name))(value) for name, value in known.items()})


def doubts(settings: Settings) -> list[str]:
    """What a person should know of settings that are allowed: a name misspelt, a server that is not this clone's.

    Nothing in an image: it is no clone, and all of its settings are of its environment.
    """
    example = home() / ".env.example"
    if not example.is_file():
        return []
    found = settings_file.misspelt(settings_in_file(), settings_file.assigned(example, with_defaults=True))
    if os.environ.get("MLFLOW_TRACKING_URI") and settings.tracking_uri != settings.url("mlflow"):
        found.append("MLFLOW_TRACKING_URI of the environment names another MLflow than this clone's, and is used")
    if os.environ.get("DATABASE_URL"):
        found.append("DATABASE_URL of the environment names the databases that are used")
    return found


def doubts_of_databases(settings: Settings) -> list[str]:
    """What a person should know before a command uses SQLite files, while another platform runs at the addresses."""
    if not settings.database_server.startswith("sqlite") or _started(settings.state_dir):
        return []
    try:
        socket.create_connection((urlsplit(settings.url("mlflow")).hostname, settings.port("mlflow")), 1).close()
    except OSError:
        return []
    return [
        f"The embedded platform of this clone is stopped, and what answers at {settings.url('mlflow')} is another: "
        f"this command uses the SQLite files in {settings.database_server.removeprefix('sqlite:///')}. For the "
        "platform in Docker: `docker compose exec airflow-worker readmission` and the command."
    ]


def _started(state: Path) -> dict[str, Any]:
    """The environment that the running platform's prediction service was given; empty when none runs."""
    run = state / "run"
    try:
        os.kill(int(json.loads((run / "supervisord.json").read_text(encoding="utf-8"))["pid"]), 0)
        given = json.loads((run / "api.json").read_text(encoding="utf-8"))["environment"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(given)
