"""What `make doctor` says of the settings, and of where this clone and its state folder are.

Standard library alone, as `scripts/doctor.py`, which prints what these find.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from connections import setting_rules, settings_file

_OWN_ADDRESSES = ("127.0.0.1", "localhost")


class Finding(NamedTuple):
    """What one check found: `bad` stops a demo, `note` does not."""

    level: str
    text: str


class Settings(NamedTuple):
    """What is set where: the example's defaults, `.env`, and the environment, which wins."""

    defaults: dict[str, str]
    file: dict[str, str]
    environment: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, environment: Mapping[str, str]) -> Settings:
        """The settings of the clone in a folder.

        Raises:
            OSError, UnicodeDecodeError: `.env` cannot be read.
        """
        own = settings_file.assigned(folder / ".env") if (folder / ".env").exists() else {}
        return cls(settings_file.assigned(folder / ".env.example", with_defaults=True), own, environment)

    def value(self, name: str) -> str:
        """What counts: an empty value is none."""
        return self.environment.get(name) or self.file.get(name) or self.defaults.get(name, "")


def wrong_settings(settings: Settings, docker: bool) -> Iterator[Finding]:
    """What may not stand in a setting; what Docker alone reads stops nothing else."""
    of_docker = {name for name in settings.defaults if name.startswith(("MYSQL_", "S3_", "MINIO_", "COMPOSE_"))}
    of_docker |= {"AIRFLOW_WORKER_CONCURRENCY", "PUBLIC_HOST", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}
    wrong = settings_file.problems(settings.defaults, settings.environment, settings.file)
    for name, text in wrong.items():
        if docker:
            yield Finding("bad", text)
        elif name in of_docker:
            yield Finding("note", f"{text}; `make up` reads it, `make demo` does not")
        elif name in settings_file.NOT_EXPORTED and settings.environment.get(name):
            yield Finding("note", f"{text}; `make demo` does not use it")
        else:
            yield Finding("bad", text)
    if not wrong:
        together = {name: settings.value(name) for name in setting_rules.TOGETHER}
        yield from (Finding("bad", text) for text in setting_rules.conflicts(together))
    yield from (Finding("note", text) for text in settings_file.misspelt(settings.file, settings.defaults))


def clone_path(folder: Path) -> Iterator[Finding]:
    """Characters of the clone's path that programs of the platform take for something else."""
    path = str(folder.absolute())
    if "%" in path:
        yield Finding("bad", f"path: {path} holds %, at which MLflow's database migrations fail; move the clone")
    if re.search(r"\s[#;]", path):
        yield Finding("bad", f"path: {path} holds a blank before # or ;, where the supervisor cuts; move the clone")


def state_folder(state: Path) -> Iterator[Finding]:
    """Whether the platform can keep its state where STATE_DIR says."""
    path = state.absolute()
    if "?" in str(path):
        yield Finding("bad", f"STATE_DIR: {path} holds ?, which begins the options of a database's address")
    there = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
    if not there.is_dir():
        yield Finding("bad", f"STATE_DIR: {there} is a file; name a folder")
    elif not os.access(there, os.W_OK | os.X_OK) or _read_only(there):
        yield Finding("bad", f"STATE_DIR: {there} cannot be written; name a folder of yours, or change its rights")


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def user() -> Iterator[Finding]:
    """A user who is a number without a name, as in a container."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        yield Finding("note", f"user: id {os.getuid()} has no name here; the platform calls it uid-{os.getuid()}")


def proxies(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Proxies that this machine's own addresses would go through."""
    names = [name for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy") if environment.get(name)]
    listed = f"{environment.get('NO_PROXY', '')},{environment.get('no_proxy', '')}".split(",")
    past = {address.strip() for address in listed}
    lacking = [] if "*" in past else [address for address in _OWN_ADDRESSES if address not in past]
    if names and lacking:
        yield Finding(
            "note",
            f"proxy: {names[0]} is set and NO_PROXY lacks {', '.join(lacking)}; the platform goes past it to its own "
            "addresses, curl and browsers may not",
        )
