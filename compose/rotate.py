"""Changes a secret of the services in Docker: in the server that keeps it, in `.env`, and in what holds it.

`python -m compose.rotate NAME`, or `all`. Whenever it is broken off, running it again ends what was begun: a server
that keeps a password of its own is told one that stands in `.env` already, as NAME_NEXT. Runs with the standard library
alone, under any Python 3, in the folder of the compose file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from compose.rotated_servers import Docker, RotationError, Servers
from scripts.env_file import PUBLIC_KEYS, SIGNING_KEY, assigned, replace, secret_for, with_public_key

# The file that Compose reads.
ENV = Path(os.environ.get("COMPOSE_ENV_FILES", ".env"))
FERNET, POSTGRES, ROOT = "AIRFLOW_FERNET_KEY", "POSTGRES_PASSWORD", "MYSQL_ROOT_PASSWORD"
OF_AN_ACCOUNT = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
# Servers take these from `.env` when they start, or give them to nobody else: new ones count from the next start on.
AT_START = (
    "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY",
    "MLFLOW_ADMIN_PASSWORD", "MLFLOW_PIPELINE_PASSWORD", "MLFLOW_API_PASSWORD",
    "MYSQL_OWNER_PASSWORD", "MYSQL_PIPELINE_PASSWORD", "MYSQL_API_PASSWORD", "MYSQL_KEEPER_PASSWORD",
    "MYSQL_MLFLOW_PASSWORD", "REDIS_PASSWORD", "FORM_API_KEY", "FORM_COOKIE_SECRET", "FORM_PASSWORD",
    "MINIO_ROOT_PASSWORD", *OF_AN_ACCOUNT,
)  # fmt: skip
ALL = tuple(sorted((*AT_START, FERNET, POSTGRES, ROOT, SIGNING_KEY)))
FORGET = "FORGET_KEY"
NOT_ROTATED = (
    f"{FORGET} is not rotated: the record of deleted predictions is written with it, and with another key it would no "
    "longer tell what must not come back out of a journal or a backup. It opens nothing by itself; keep it"
)


def read(env: Path) -> dict[str, str]:
    """The settings of a file, as they stand there."""
    lines = assigned(env.read_text(encoding="utf-8"))
    return {name: line.partition("=")[2].strip() for name, line in lines.items()}


def write(env: Path, changes: dict[str, str | None]) -> None:
    """Changes settings of the file in one step; None takes one out."""
    lines = env.read_text(encoding="utf-8").splitlines()
    text = {name: None if value is None else f"{name}={value}" for name, value in changes.items()}
    changed = [text.get(name, line) if (name := next(iter(assigned(line)), "")) else line for line in lines]
    added = [line for name, line in text.items() if name not in assigned("\n".join(lines))]
    replace(env, with_public_key("".join(f"{line}\n" for line in [*changed, *added] if line is not None)))


def rotate(names: tuple[str, ...], env: Path, servers: Servers) -> list[str]:
    """Gives each secret a new value, and starts anew what holds it; says what is left to do.

    Raises:
        RotationError: a server refuses; running it again goes on from there.
    """
    for name, tell in ((POSTGRES, _postgres), (ROOT, _root)):
        if name in names:
            tell(env, servers)
    now = read(env)
    at_start = [name for name in names if name in (*AT_START, SIGNING_KEY) and now.get(name)]
    write(env, {name: secret_for(name) for name in at_start})
    if FERNET in names and "," not in now[FERNET]:
        write(env, {FERNET: f"{secret_for(FERNET)},{now[FERNET]}"})
    servers.up()
    if FERNET in names:
        servers.encrypt_anew()
        write(env, {FERNET: read(env)[FERNET].partition(",")[0]})
        servers.up()
    return [f"{SIGNING_KEY}: {_SIGNING}"] if SIGNING_KEY in names else []


_SIGNING = (
    "what is trained from now on is signed with the new key, and both are trusted; once a new version is in "
    f"production, make rotate NAME={PUBLIC_KEYS} ends the trust in the former key"
)


def _postgres(env: Path, servers: Servers) -> None:
    _kept_by_the_server(env, POSTGRES, lambda _known, new: servers.set_postgres(new))


def _root(env: Path, servers: Servers) -> None:
    _kept_by_the_server(env, ROOT, servers.set_root)


def _kept_by_the_server(env: Path, name: str, tell: Callable[[list[str], str], None]) -> None:
    now, next_name = read(env), f"{name}_NEXT"
    new = now.get(next_name) or secret_for(name)
    write(env, {next_name: new})
    tell([now[name], new], new)
    write(env, {name: new, next_name: None})


def trust_own_key_alone(env: Path, servers: Servers) -> None:
    """Ends the trust in the keys of before.

    Raises:
        RotationError: the version in production is signed with one of them.
    """
    own = read(env)[PUBLIC_KEYS].partition(",")[0]
    if not servers.serves_with(own):
        raise RotationError(
            f"{PUBLIC_KEYS}: the version in production does not prove itself with the new key alone, or there is none: "
            "train and promote a new one first, or keep both"
        )
    write(env, {PUBLIC_KEYS: own})
    servers.up()


def chosen(asked: str, settings: dict[str, str]) -> tuple[str, ...]:
    """The secrets that are meant: one, several with spaces between, or all.

    Raises:
        RotationError: there is none of that name, it is not rotated, or the shell's value would win over the new one.
    """
    names = tuple(one for one in ALL if settings.get(one)) if asked == "all" else tuple(asked.split())
    if FORGET in names:
        raise RotationError(NOT_ROTATED)
    unknown = [name for name in names if name not in ALL and names != (PUBLIC_KEYS,)]
    if unknown or not names:
        known = f"all, {', '.join(ALL)}"
        raise RotationError(f"{', '.join(unknown) or 'no NAME'}: which secret? make rotate NAME=… takes {known}")
    if exported := [name for name in names if name in os.environ]:
        raise RotationError(f"{', '.join(exported)}: the shell's value wins over .env's; unset it first")
    if unset := [name for name in names if not settings.get(name)]:
        raise RotationError(f"{', '.join(unset)} is not set in {ENV}")
    if asked != "all" and settings.get("MINIO_ROOT_USER") and {*names} & {*OF_AN_ACCOUNT}:
        raise RotationError("AWS_ keys of an account of the store's own: make new ones there, and write them to .env")
    return tuple(name for name in names if not settings.get("MINIO_ROOT_USER") or name not in OF_AN_ACCOUNT)


def main() -> int:
    """Returns 1 when a secret was not changed."""
    try:
        names = chosen(sys.argv[1] if len(sys.argv) == 2 else "", read(ENV))
        if names == (PUBLIC_KEYS,):
            trust_own_key_alone(ENV, Docker())
            left = []
        else:
            left = rotate(names, ENV, Docker())
    except RotationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join([f"changed, in .env too: {', '.join(names)}", *left]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
