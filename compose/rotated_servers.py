"""The servers in Docker that keep a secret of their own, and what holds one: how they are told of another."""

from __future__ import annotations

import re
import subprocess
from typing import Protocol

from scripts.env_file import PUBLIC_KEYS


class RotationError(Exception):
    """What stands in the way, in a sentence that says what to do."""


class Servers(Protocol):
    """The services whose secrets these are."""

    def up(self) -> None:
        """Starts anew what holds a value that `.env` has no more, and waits until all of it is well."""

    def set_postgres(self, password: str) -> None:
        """Gives Airflow's account on Postgres this password, whatever it has."""

    def set_root(self, known: list[str], password: str) -> None:
        """Gives MySQL's root this password; it has one of those that are known."""

    def encrypt_anew(self) -> None:
        """Has Airflow encrypt what it stored with the first of its Fernet keys."""

    def serves_with(self, public_key: str) -> bool:
        """Whether the version in production proves itself with this key alone."""


class Docker:
    """The services of this clone in Docker."""

    def up(self) -> None:
        """As above."""
        workers = len(_compose("ps", "--quiet", "airflow-worker").split()) or 1
        scale = ("--scale", f"airflow-worker={workers}")
        _compose("up", "--detach", "--wait", "--wait-timeout", "600", "--remove-orphans", *scale)

    def set_postgres(self, password: str) -> None:
        """As above; inside its container Postgres asks nobody for a password."""
        statement = f"ALTER ROLE airflow PASSWORD '{password}'"
        client = ("psql", "--username=airflow", "--dbname=airflow", "--quiet", "--set=ON_ERROR_STOP=1")
        _compose("exec", "-T", "postgres", *client, given=statement)

    def set_root(self, known: list[str], password: str) -> None:
        """As above; passwords are in no command line."""
        client = "read -r MYSQL_PWD; export MYSQL_PWD; exec mysql --user=root"
        statement = f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';"
        for each in dict.fromkeys(known):
            if _tried("exec", "-T", "mysql", "sh", "-c", client, given=f"{each}\n{statement}").returncode == 0:
                return
        raise RotationError("MYSQL_ROOT_PASSWORD: MySQL refuses the password of .env; put the right one there")

    def encrypt_anew(self) -> None:
        """As above."""
        _compose("exec", "-T", "airflow-apiserver", "airflow", "rotate-fernet-key")

    def serves_with(self, public_key: str) -> bool:
        """As above."""
        predict = ("python", "-m", "readmission.cli", "predict")
        key = f"{PUBLIC_KEYS}={public_key}"
        return _tried("run", "--rm", "--no-deps", "-T", "--env", key, "adopt", *predict).returncode == 0


def _compose(*arguments: str, given: str = "") -> str:
    done = _tried(*arguments, given=given)
    if done.returncode != 0:
        said = re.sub(r"'[^']*'", "'…'", "\n".join(done.stderr.strip().splitlines()[-5:]))
        raise RotationError(f"docker compose {arguments[0]} failed:\n{said}\nrun the same again: it goes on from there")
    return done.stdout


def _tried(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(("docker", "compose", *arguments), input=given, capture_output=True, text=True)
