"""The platform in Docker as a project of its own, seen from outside: its addresses, accounts and containers."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from connections.settings import machine_environment
from tests.outside.platform import Outside

ROOT = Path(__file__).parents[2]
SHELL = "python:3.13-slim-trixie"


@dataclass(frozen=True)
class Stack(Outside):
    """One Compose project with its own settings file, ports and data folder, and with Compose files besides."""

    project: str
    env_file: Path
    data: Path
    others: tuple[Path, ...] = ()

    @property
    def env(self) -> dict[str, str]:
        """What is in its settings file."""
        return {name: value or "" for name, value in dotenv_values(self.env_file).items()}

    def set(self, name: str, value: str) -> None:
        """Changes one of its settings."""
        changed = {**self.env, name: value}
        self.env_file.write_text("".join(f"{key}={text}\n" for key, text in changed.items()), encoding="utf-8")

    def compose(self, *arguments: str, timeout: int = 900) -> str:
        """Runs `docker compose` on this project and gives what it printed.

        Raises:
            AssertionError: it failed; the message ends with what it said.
        """
        done = self.try_compose(*arguments, timeout=timeout)
        assert done.returncode == 0, f"docker compose {' '.join(arguments)}:\n{done.stdout}\n{done.stderr[-4_000:]}"
        return done.stdout

    def try_compose(self, *arguments: str, timeout: int = 900) -> subprocess.CompletedProcess[str]:
        """Runs `docker compose` on this project, whatever comes of it."""
        command = ["docker", "compose", "--project-name", self.project, "--env-file", str(self.env_file)]
        files = [option for file in (ROOT / "docker-compose.yml", *self.others) for option in ("--file", str(file))]
        return subprocess.run(
            [*command, *files, *arguments], env=engine_environment(), capture_output=True, text=True, timeout=timeout
        )

    def up(self) -> None:
        """Starts everything and waits until it is healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "600")

    def remove(self) -> None:
        """Takes everything of it away, data too; also of services that only a profile starts."""
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")

    def address(self, service: str, port: int) -> str:
        """Where a published port of a service answers."""
        return f"http://{self.compose('port', service, str(port)).strip()}"

    @property
    def airflow_password(self) -> str:
        """The admin's."""
        return self.env["AIRFLOW_ADMIN_PASSWORD"]

    @property
    def api_key(self) -> str:
        """The form's."""
        return self.env["FORM_API_KEY"]

    @property
    def form_password(self) -> str:
        """The ward's."""
        return self.env["FORM_PASSWORD"]

    def mysql_password(self, account: str) -> str:
        """That of one of the platform's accounts."""
        return self.env[f"MYSQL_{account.upper()}_PASSWORD"]

    def mlflow_password(self, account: str) -> str:
        """That of one of the platform's accounts."""
        return self.env[f"MLFLOW_{account.upper()}_PASSWORD"]

    def store_keys(self) -> tuple[str, str]:
        """MLflow's access key and secret in the object store."""
        return self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"]

    @property
    def public_keys(self) -> str:
        """By which the models that it trains are trusted."""
        return self.env["MODEL_PUBLIC_KEYS"]

    def container(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        identifier = self.compose("ps", "--quiet", service).strip()
        (found,) = json.loads(docker("inspect", identifier))
        return dict(found)

    def images(self) -> dict[str, str]:
        """The images built for this project, by the name of what is in them."""
        names = sorted(set(self.compose("config", "--images").split()))
        ours = [name for name in names if name.startswith(f"{self.project}-")]
        return {name.removeprefix(f"{self.project}-").partition(":")[0]: name for name in ours}

    def memory_mb(self) -> int:
        """What all its containers use together."""
        identifiers = self.compose("ps", "--quiet").split()
        used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *identifiers).splitlines()
        return round(sum(_megabytes(line.split(" / ")[0]) for line in used))

    def as_root(self, statements: str, timeout: int = 3600) -> str:
        """What MySQL prints for statements of its administrator, in `RAW_DATA`."""
        client = 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysql --user=root --batch --skip-column-names RAW_DATA'
        command = ("exec", "-T", "mysql", "sh", "-c", f"{client} --execute '{statements}'")
        return self.compose(*command, timeout=timeout)

    def crash(self, service: str) -> None:
        """Ends a service as a crash would; Compose starts it again."""
        self.kill(int(self.container(service)["State"]["Pid"]))

    def kill(self, pid: int) -> None:
        """Ends a service's first process as a crash would: the engine takes `docker kill` for a person's wish."""
        docker("run", "--rm", "--privileged", "--pid=host", "--network=none", SHELL, "sh", "-c", f"kill -9 {pid}")

    def freeze(self, service: str) -> None:
        """Has a service's processes stand still, all but the first: the container runs, and nobody in it answers."""
        identifier = self.container(service)["Id"]
        pids = [line.split()[0] for line in docker("top", identifier, "-o", "pid").splitlines()[1:]]
        first = str(self.container(service)["State"]["Pid"])
        frozen = " ".join(pid for pid in pids if pid != first)
        command = ("sh", "-c", f"kill -STOP {frozen}")
        docker("run", "--rm", "--privileged", "--pid=host", "--network=none", SHELL, *command)

    def status(self) -> str:
        """What `make status` prints of it."""
        told = engine_environment() | {
            "COMPOSE_PROJECT_NAME": self.project,
            "COMPOSE_ENV_FILES": str(self.env_file),
            "COMPOSE_FILE": ":".join(str(file) for file in (ROOT / "docker-compose.yml", *self.others)),
        }
        command = (sys.executable, "-m", "compose.status")
        return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=300).stdout

    def healthy(self, service: str) -> bool:
        """Whether the service's own health check passes."""
        state = self.container(service)["State"]
        return bool(state["Status"] == "running" and state["Health"]["Status"] == "healthy")


def engine_environment() -> dict[str, str]:
    """The environment to talk to Docker with: Compose would let a setting of the shell win over the test's own."""
    return machine_environment() | {name: text for name, text in os.environ.items() if name.startswith("DOCKER_")}


def docker(*arguments: str) -> str:
    """What a docker command prints; fails when it fails."""
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, timeout=300).stdout


def leftovers(project: str) -> list[str]:
    """The containers, volumes and networks that a project has, running or not."""
    label = f"label=com.docker.compose.project={project}"
    found = (
        docker("ps", "--all", "--quiet", "--filter", label),
        docker("volume", "ls", "--quiet", "--filter", label),
        docker("network", "ls", "--quiet", "--filter", label),
    )
    return " ".join(found).split()


def images(project: str) -> list[str]:
    """The images that were built for a project."""
    return docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{project}-*").split()


def _megabytes(text: str) -> float:
    number = float(text.rstrip("BKMGTi"))
    return number * {"K": 1 / 1024, "M": 1, "G": 1024}.get(text.removesuffix("iB")[-1:], 0)
