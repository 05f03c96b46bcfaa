"""The stack in Docker as backups see it: its settings, its project, and commands in its containers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from connections.backup_file import BackupError, Wrap

# The service that looks at all secrets before anything starts, and the one that has neither network nor secret.
_KNOWS_SECRETS, _KNOWS_NOTHING = "env-check-run-make-env", "keys"
_BLOCK = 1 << 20


def compose(*arguments: str, given: bytes | None = None, **streams: Any) -> None:
    """Runs a command of `docker compose` on whatever part of the stack runs.

    Raises:
        BackupError: it failed, and has said why.
    """
    done = subprocess.run(("docker", "compose", "--profile", "*", *arguments), input=given, **streams)
    if done.returncode:
        raise BackupError(f"docker compose {arguments[0]} {arguments[-1] if arguments[0] == 'up' else ''} failed")


def said(*arguments: str) -> str:
    """What a command of `docker compose` prints.

    Raises:
        BackupError: it failed, and has said why.
    """
    done = subprocess.run(("docker", "compose", *arguments), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BackupError(f"docker compose {arguments[0]} failed")
    return done.stdout


def _config() -> dict[str, Any]:
    return dict(json.loads(said("config", "--format", "json")))


def project() -> str:
    """The name that this stack's volumes begin with."""
    return str(_config()["name"])


def settings() -> Mapping[str, str]:
    """The secrets of this stack, as its containers are given them."""
    given = _config()["services"][_KNOWS_SECRETS]["environment"]
    return {name: value or "" for name, value in given.items()}


def is_fresh() -> bool:
    """Whether MySQL has no volume yet."""
    chosen = (f"label=com.docker.compose.project={project()}", "label=com.docker.compose.volume=mysql-data")
    filters = [word for one in chosen for word in ("--filter", one)]
    done = subprocess.run(("docker", "volume", "ls", "--quiet", *filters), capture_output=True, text=True, check=True)
    return not done.stdout.strip()


def copy(source: IO[bytes], sink: IO[bytes]) -> None:
    """Copies a stream to its end."""
    while block := source.read(_BLOCK):
        sink.write(block)


@contextmanager
def output(*arguments: str) -> Iterator[IO[bytes]]:
    """What a command of `docker compose` writes, as it comes; it has to end well."""
    with subprocess.Popen(("docker", "compose", *arguments), stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        yield running.stdout
    if running.returncode:
        raise BackupError(f"docker compose {arguments[0]} failed at {arguments[-1][:40]}")


@contextmanager
def giving(*arguments: str) -> Iterator[IO[bytes]]:
    """Where a command of `docker compose` reads; it has to end well."""
    with subprocess.Popen(("docker", "compose", *arguments), stdin=subprocess.PIPE) as running:
        assert running.stdin is not None
        with suppress(BrokenPipeError):  # it ended: why, it says itself
            yield running.stdin
        with suppress(BrokenPipeError):
            running.stdin.close()
    if running.returncode:
        raise BackupError(f"docker compose {arguments[0]} failed at {arguments[-1][:40]}")


def feed(arguments: tuple[str, ...], source: IO[bytes]) -> None:
    """Gives a command of `docker compose` a stream to read.

    Raises:
        BackupError: it failed.
    """
    with giving(*arguments) as sink:
        copy(source, sink)


def sealed_with(passphrase: str | None) -> tuple[Wrap | None, Wrap | None]:
    """What seals and what opens with a passphrase, in a container: this machine need not have the means."""
    if passphrase is None:
        return None, None
    first = f"{passphrase}\n".encode()

    @contextmanager
    def sealing(out: IO[bytes]) -> Iterator[IO[bytes]]:
        with _filter("seal", stdout=out) as running:
            running.stdin.write(first)
            yield running.stdin
            running.stdin.close()

    @contextmanager
    def opening(source: IO[bytes]) -> Iterator[IO[bytes]]:
        with _filter("open", stdout=subprocess.PIPE) as running:
            threading.Thread(target=_give, args=(running.stdin, first, source), daemon=True).start()
            yield running.stdout

    return sealing, opening


def _give(sink: IO[bytes], first: bytes, source: IO[bytes]) -> None:
    with suppress(OSError):  # who reads has ended, and says why
        sink.write(first)
        copy(source, sink)
        sink.close()


@contextmanager
def _filter(what: str, stdout: Any) -> Iterator[Any]:
    command = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "python", _KNOWS_NOTHING, "-m", "connections.sealing")
    pipes = {"stdin": subprocess.PIPE, "stdout": stdout, "stderr": subprocess.PIPE}
    with subprocess.Popen(("docker", "compose", *command, what), **pipes) as running:
        try:
            yield running
        except ValueError:  # nothing came out that could be read: what it says is why
            _raise_where_it_failed(running)
            raise
        _raise_where_it_failed(running)


def _raise_where_it_failed(running: Any) -> None:
    said = running.stderr.read().decode(errors="replace").strip()
    if running.wait():
        raise BackupError((said.splitlines() or ["the passphrase's container failed"])[-1])


def tell(line: str) -> None:
    """A line for a person."""
    sys.stderr.write(f"{line}\n")
