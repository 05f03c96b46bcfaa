"""A backup as one file: a tar of parts, and of a manifest with the sha256 of each; sealed part by part on request.

Embedded and in Docker alike. What a backup is no use without (`NEEDED`) is in it only when it is sealed; else, its
manifest tells whether the settings here fit. Standard library alone, under any Python 3: `make` runs it on the host.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import gmtime, strftime
from typing import IO, Any

MANIFEST, SECRETS, SEALED = "manifest.json", "secrets.env", ".sealed"
FORMAT = 2
# A part that tells of what platform a backup is.
_OF = {"mysql.sql": "docker", "databases.tar": "embedded"}
# Without each of these, what of a backup is lost.
NEEDED = {
    "FORGET_KEY": "what was deleted for good would no longer be known, and could come back",
    "AIRFLOW_FERNET_KEY": "connections and variables that are kept in Airflow could not be read",
    "MODEL_PUBLIC_KEYS": "the versions that were signed with the keys that are missing here would be refused",
}
_KEPT = (*NEEDED, "MODEL_SIGNING_KEY")
_ROUNDS = 200_000
_BLOCK = 1 << 20

Wrap = Callable[[IO[bytes]], "AbstractContextManager[IO[bytes]]"]
"""Seals what is written to a stream, or opens what is read from it."""


class BackupError(Exception):
    """What stands in the way, in a sentence that says what to do."""


class Writing:
    """A backup that is being written: its parts, one after the other, and what its manifest says besides."""

    def __init__(self, tar: tarfile.TarFile, scratch: Path, seal: Wrap | None) -> None:
        self._tar, self._scratch, self._seal = tar, scratch, seal
        self.about: dict[str, Any] = {}
        self._sums: dict[str, str] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """Where a part's bytes are written."""
        stored = self._scratch / (name + (SEALED if self._seal else ""))
        with stored.open("wb") as file, self._seal(file) if self._seal else contextlib.nullcontext(file) as sink:
            yield sink
        with stored.open("rb") as written:
            self._sums[name] = _sum(written)
        self._tar.add(stored, stored.name)
        stored.unlink()

    def end(self, values: Mapping[str, str]) -> None:
        """Adds the secrets where they are sealed, and the manifest."""
        if self._seal:
            with self.part(SECRETS) as sink:
                sink.write("".join(f"{name}={values.get(name, '')}\n" for name in _KEPT).encode())
        manifest = {"format": FORMAT, **self.about, "parts": dict(self._sums), "needs": _marks(values)}
        with self.part(MANIFEST) as sink:
            sink.write(json.dumps(manifest, indent=1).encode())


@contextmanager
def writing(folder: Path, kind: str, values: Mapping[str, str], seal: Wrap | None) -> Iterator[tuple[Writing, Path]]:
    """Gives the backup that is written in the block and its path; it has its name after the block, if that ended well.

    `kind` says of what platform it is (docker, embedded), `values` are its secrets.

    Raises:
        BackupError: it cannot be written; nothing has changed.
    """
    name = f"readmission-{kind}-{strftime('%Y%m%dT%H%M%SZ', gmtime())}.tar"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=str(folder)) as scratch:
            whole = Path(scratch) / name
            with whole.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                with tarfile.open(fileobj=file, mode="w") as tar:
                    backup = Writing(tar, Path(scratch), seal)
                    backup.about["of"] = kind
                    yield backup, folder / name
                    backup.end(values)
                file.flush()
                os.fsync(file.fileno())
            whole.replace(folder / name)
    except OSError as error:
        raise BackupError(f"nothing was saved: {folder}: {error.strerror or error}") from error


class Reading:
    """A backup that was found whole."""

    def __init__(self, tar: tarfile.TarFile, unseal: Wrap | None) -> None:
        self._tar, self._unseal = tar, unseal
        with self.part(MANIFEST) as source:
            self.manifest: dict[str, Any] = json.load(source)

    @property
    def is_sealed(self) -> bool:
        """Whether it holds secrets, and nobody reads it without the passphrase."""
        return self._unseal is not None

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """What a part holds."""
        packed = self._stored(name)
        with self._unseal(packed) if self._unseal else contextlib.nullcontext(packed) as source:
            yield source

    def damaged(self) -> list[str]:
        """The parts that are not as they were saved."""
        sums = dict(self.manifest["parts"])
        return [name for name, wanted in sums.items() if _sum(self._stored(name)) != wanted]

    def secrets(self) -> dict[str, str]:
        """What a sealed backup holds of the settings."""
        with self.part(SECRETS) as source:
            lines = source.read().decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _stored(self, name: str) -> Any:
        found = self._tar.extractfile(name + (SEALED if self._unseal else ""))
        if found is None:
            raise KeyError(name)
        return found


@contextmanager
def reading(file: Path, kind: str, unseal: Wrap | None) -> Iterator[Reading]:
    """Gives a backup after all of it was held against its manifest.

    Raises:
        BackupError: it is another's, not whole, or sealed and there is no passphrase; nothing has changed.
    """
    with contextlib.ExitStack() as stack:
        try:
            tar = stack.enter_context(tarfile.open(str(file), "r:"))
        except (OSError, tarfile.TarError) as error:
            raise BackupError(f"{file} is no backup ({error}); nothing was changed") from error
        yield _checked(tar, file, kind, unseal)


def _checked(tar: tarfile.TarFile, file: Path, kind: str, unseal: Wrap | None) -> Reading:
    try:
        is_sealed = MANIFEST + SEALED in tar.getnames()
        if is_sealed and unseal is None:
            raise BackupError(f"{file} is sealed: name its passphrase (PASSPHRASE_FILE=…); nothing was changed")
        backup = Reading(tar, unseal if is_sealed else None)
        if (of := backup.manifest.get("of")) != kind or backup.manifest["format"] != FORMAT:
            raise BackupError(f"{file} is a backup of {of or 'something else'}, and not of {kind}; nothing was changed")
        if damaged := backup.damaged():
            raise BackupError(f"{file} is damaged in {', '.join(damaged)}; nothing was changed")
    except (OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
        raise BackupError(f"{file} is no whole backup: {error}; nothing was changed") from error
    return backup


def _marks(values: Mapping[str, str]) -> dict[str, Any]:
    """What tells whether secrets are the same ones, and does not tell them; public keys are no secrets."""
    salt = os.urandom(16)
    secret = {name: _mark(values[name], salt) for name in NEEDED if name != "MODEL_PUBLIC_KEYS" and values.get(name)}
    return {"salt": salt.hex(), "MODEL_PUBLIC_KEYS": values.get("MODEL_PUBLIC_KEYS", ""), **secret}


def _mark(value: str, salt: bytes) -> str:
    return hashlib.pbkdf2_hmac("sha256", value.encode(), salt, _ROUNDS).hex()


def misfits(manifest: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """The settings here that are not those of the backup, each with what that means."""
    needs, wrong = dict(manifest["needs"]), []
    salt = bytes.fromhex(needs.pop("salt"))
    for name, wanted in needs.items():
        here = values.get(name, "")
        fits = _keys(wanted) <= _keys(here) if name == "MODEL_PUBLIC_KEYS" else _mark(here, salt) == wanted
        if not fits:
            wrong.append(f"{name}: {NEEDED[name]}")
    return wrong


def _keys(value: str) -> set[str]:
    return {one.strip() for one in value.split(",") if one.strip()}


def require_fit(backup: Reading, values: Mapping[str, str], choice: str, env_file: Path) -> None:
    """Lets a backup in whose secrets are those of the settings, or for which `choice` says whose count.

    With `backup`, those that a sealed backup holds are written into `env_file`; with `here`, nothing is asked.

    Raises:
        BackupError: they are others, and nobody chose; nothing has changed.
    """
    wrong = misfits(backup.manifest, values)
    if not wrong or choice == "here":
        return
    if choice == "backup" and backup.is_sealed:
        put(env_file, _together(backup.secrets(), values))
        return
    way = "SECRETS=backup takes the backup's" if backup.is_sealed else "put in the values of the .env of that time"
    listed = "\n  ".join(wrong)
    raise BackupError(
        f"the backup was made with other secrets than those of {env_file}; {way}, and SECRETS=here goes on without:"
        f"\n  {listed}\nnothing was changed"
    )


def _together(saved: Mapping[str, str], here: Mapping[str, str]) -> dict[str, str]:
    """The backup's secrets; versions that were signed with the keys from here stay trusted."""
    keys = [*saved["MODEL_PUBLIC_KEYS"].split(","), *here.get("MODEL_PUBLIC_KEYS", "").split(",")]
    return {**saved, "MODEL_PUBLIC_KEYS": ",".join(dict.fromkeys(key for key in keys if key))}


def put(env_file: Path, values: Mapping[str, str]) -> None:
    """Sets values in a file of settings, which is replaced as a whole; all else in it stays."""
    text = env_file.read_text(encoding="utf-8")
    for name, value in values.items():
        line = f"{name}={value}"
        text, times = re.subn(rf"^{name}=.*$", lambda _: line, text, flags=re.MULTILINE)  # noqa: B023
        text = text if times else f"{text.rstrip()}\n{line}\n"
    draft = env_file.with_name(f"{env_file.name}.new")
    with os.fdopen(os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(env_file)


def prune(folder: Path, keep: int) -> list[Path]:
    """Deletes the oldest backups but `keep`, once a new one is whole; those with names of their own stay."""
    there = sorted(folder.glob("readmission-*-*Z.tar"))
    gone = there[: max(0, len(there) - keep)]
    for file in gone:
        file.unlink()
    return gone


def kind_of(file: Path) -> str:
    """Of what platform a backup is, sealed or not.

    Raises:
        BackupError: it is no backup.
    """
    try:
        with tarfile.open(str(file), "r:") as tar:
            names = [name[: -len(SEALED)] if name.endswith(SEALED) else name for name in tar.getnames()]
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{file} is no backup ({error}); nothing was changed") from error
    kind = next((_OF[name] for name in names if name in _OF), None)
    if kind is None:
        raise BackupError(f"{file} is no backup; nothing was changed")
    return kind


def _sum(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        sys.stdout.write(kind_of(Path(sys.argv[1])))
    except BackupError as error:
        sys.exit(str(error))
