"""Where settings are read from, and where the paths among them lead."""

import os
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource

SYNTHETIC = "synthetic"

# Names the file of settings; empty: none is read, for what is given all that it needs in its environment.
ENV_FILE = "READMISSION_ENV_FILE"

PATHS = ("state_dir", "dataset_path", "dataset_source", "api_keys_file", "backups", "backup_passphrase_file")


def home() -> Path:
    """The clone that this code lies in, whatever the current folder is; in an image the current folder."""
    clone = Path(__file__).parents[2]
    return clone if (clone / ".env.example").is_file() else Path.cwd()


def env_file() -> Path | None:
    """The file of settings: `.env` of the clone, unless the environment names another, or with an empty name none."""
    named = os.environ.get(ENV_FILE)
    if named is None:
        return home() / ".env"
    return Path(named) if named else None


def is_path(source: str) -> bool:
    """Whether a data set's source is a path, and not an address or what makes encounters up."""
    return "://" not in source and source != SYNTHETIC


class Environment(EnvSettingsSource):
    """The environment, in which a path is seen from the current folder, as a shell's paths are."""

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = super().__call__()
        return {
            name: str(Path(value).expanduser().absolute()) if name in PATHS and is_path(value) else value
            for name, value in found.items()
        }
