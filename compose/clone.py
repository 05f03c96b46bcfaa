"""This clone's containers: `make` asks here before it shows, starts or stops any, so that another clone's stay alone.

Two clones have the same project name where their .env files are older than names of their own. Compose marks each
container with the folder that it was started from. Runs with the standard library alone, under any Python 3.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT = "COMPOSE_PROJECT_NAME"
DEFAULT_PROJECT = "readmission"
NONE_HERE, NOT_OURS, NO_ENGINE = 10, 11, 12
_OPTIONS = ("--if-any", "--if-up", "--look")
_UP = ("running", "restarting", "paused")
_ENGINE_SECONDS = 30
_MARK = "com.docker.compose.project"
_ASSIGNMENT = re.compile(rf"^\s*(?:export\s+)?{PROJECT}\s*=\s*[\"']?([^\"'#\s]*)", flags=re.MULTILINE)


class EngineError(Exception):
    """Docker is not installed, or its engine does not answer; the message is one sentence."""


class Container(NamedTuple):
    """A container of the project: its name, its state (running, exited, ...), the folder that it was started from."""

    name: str
    state: str
    folder: Path


def project_of(folder: Path, environment: Mapping[str, str]) -> str:
    """The project's name as Compose finds it: the shell's, the one in .env, or the default of docker-compose.yml."""
    env_file = folder / ".env"
    written = _ASSIGNMENT.findall(env_file.read_text(encoding="utf-8")) if env_file.is_file() else []
    return environment.get(PROJECT) or (written[-1] if written else "") or DEFAULT_PROJECT


def containers(project: str) -> list[Container]:
    """Every container of a project, stopped ones too.

    Raises:
        EngineError: there is nobody to ask.
    """
    form = f'{{{{.Names}}}}\t{{{{.State}}}}\t{{{{.Label "{_MARK}.working_dir"}}}}'
    listed = _docker("ps", "--all", "--filter", f"label={_MARK}={project}", "--format", form)
    rows = (line.split("\t") for line in listed.splitlines() if line)
    return [Container(name, state, Path(folder)) for name, state, folder in rows]


def _docker(*arguments: str) -> str:
    try:
        done = subprocess.run(("docker", *arguments), capture_output=True, text=True, timeout=_ENGINE_SECONDS)
    except FileNotFoundError:
        raise EngineError("Docker is not installed here") from None
    except subprocess.TimeoutExpired:
        raise EngineError(f"Docker's engine did not answer within {_ENGINE_SECONDS} s") from None
    if done.returncode != 0:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "docker failed").strip()
        raise EngineError(f"Docker's engine does not answer ({said[:200]})")
    return done.stdout


def strangers(found: Sequence[Container], here: Path, project: str) -> list[Container]:
    """Those that belong to another clone: one that is still in the folder they came from, with the same project name.

    A folder that is gone, or that has another project name now, is where this clone was before it was moved.
    """
    return [one for one in found if not _same(one.folder, here) and _is_clone_of(one.folder, project)]


def _same(folder: Path, here: Path) -> bool:
    return folder.resolve() == here.resolve()


def _is_clone_of(folder: Path, project: str) -> bool:
    return (folder / "docker-compose.yml").is_file() and project_of(folder, {}) == project


def refusal(found: Sequence[Container], project: str) -> str:
    """Whose the containers are, and what to do."""
    folders = ", ".join(sorted({str(one.folder) for one in found}))
    return (
        f"The containers of the project {project} belong to the clone in {folders}, so this clone leaves them alone.\n"
        f"Stop them there with `make down`. To run this clone too, set {PROJECT} in .env to another name (which "
        "begins with empty volumes), and ports of its own."
    )


def main(arguments: Sequence[str]) -> int:
    """Runs `docker compose` with the arguments if the project's containers are this clone's.

    Returns NOT_OURS if they are another's and NO_ENGINE if nobody can be asked, each with a line that says so. With
    `--if-any`, NONE_HERE without a word where there are none, and with `--if-up` where none runs. With `--look`,
    nothing is run.
    """
    options = {word for word in arguments if word in _OPTIONS}
    here, project = Path.cwd(), project_of(Path.cwd(), os.environ)
    try:
        found = containers(project)
    except EngineError as error:
        sys.stderr.write(f"{error}: containers of this clone, if there are any, were left alone.\n")
        return NO_ENGINE
    if other := strangers(found, here, project):
        sys.stderr.write(refusal(other, project) + "\n")
        return NOT_OURS
    wanted = [one for one in found if "--if-up" not in options or one.state in _UP]
    if options & {"--if-any", "--if-up"} and not wanted:
        return NONE_HERE
    if "--look" in options:
        return 0
    # What an optional part is called for by, `make up` alone knows; the rest is said to all that runs.
    command = ("docker", "compose", "--profile", "*", *(word for word in arguments if word not in options))
    return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
