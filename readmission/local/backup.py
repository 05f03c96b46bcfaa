"""Backs up what the embedded platform keeps into one file, while it runs or not, and brings such a file back."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr
from sqlalchemy import create_engine, make_url

from connections import files_tar, kept_backups
from connections.backup_file import BackupError, Wrap, prune, reading, require_fit, writing
from connections.forgotten import Entry
from connections.mysql_connections import DATABASES, has_table
from connections.passphrase import passphrase_of
from connections.sealing import opening, sealing
from connections.settings import Settings, home
from connections.settings.places import env_file
from readmission.errors import ReadmissionError
from readmission.keeping import forgetting
from readmission.local.service import Folders
from readmission.local.supervisor import Supervisor
from readmission.storage.databases import initialise

KIND = "embedded"
_SECRETS = ("forget_key", "airflow_fernet_key", "model_signing_key")


class NotSavedError(ReadmissionError):
    """What stands in the way of a backup, or of bringing one back."""


class Asked(NamedTuple):
    """What a person said of a restore: the data may be replaced; whose secrets count; what was forgotten elsewhere."""

    force: bool = False
    secrets: str = ""
    forgotten: Sequence[Entry] = ()


def passphrase(file: Path | None, ask: bool, twice: bool = False) -> str | None:
    """What a backup is sealed or opened with, from a file or typed; None where neither is wished.

    Raises:
        NotSavedError: there is none, or it is too short.
    """
    with _clear_errors():
        return passphrase_of(file, ask, twice)


def parts(settings: Settings) -> Mapping[str, Mapping[str, Path]]:
    """What is saved, by part: what the tar calls it, and where it is. Artifacts last, so that no named one is missing.

    Journals come before the predictions' table, whose rows are not added twice.
    """
    state = Folders.of(settings).state
    databases = {f"databases/{name}.db": folder_of_databases(settings) / f"{name}.db" for name in DATABASES}
    named = ("mlflow/mlflow.db", "mlflow/accounts.db", "airflow/airflow.db", "airflow/migrated-to")
    return {
        "journal.tar": {"serving/journal": state / "serving/journal"},
        "served.tar": {"serving/model": state / "serving/model"},
        "keys.tar": {"keys.json": settings.keys_file, "registry": state / "registry"},
        "databases.tar": databases | {name: state / name for name in named},
        "artifacts.tar": {"mlflow/artifacts": state / "mlflow/artifacts"},
    }


def save(settings: Settings, folder: Path, passphrase: str | None = None, keep: int | None = None) -> Path:
    """Writes a backup into a folder; the file takes its name only when it is whole, and the oldest go only then.

    Raises:
        NotSavedError: there is nothing to save, or it cannot be written.
    """
    with _clear_errors():
        if not (folder_of_databases(settings) / "RAW_DATA.db").is_file():
            raise BackupError(f"nothing was saved: there is no embedded platform in {settings.state_dir} (make demo)")
        seal: Wrap | None = partial(sealing, passphrase=passphrase) if passphrase else None
        with writing(folder, KIND, _values(settings), seal) as (backup, path):
            for name, places in parts(settings).items():
                with backup.part(name) as sink:
                    files_tar.save(places, sink)
        if keep is not None:
            prune(folder, keep)
    kept_backups.record(folder, KIND)
    return path


def restore(settings: Settings, file: Path, passphrase: str | None, asked: Asked) -> None:
    """Brings a backup back into the state folder, and deletes once more what was forgotten since.

    Raises:
        NotSavedError: the platform runs, the file is not whole or its secrets are others, or there is data and nobody
            said that it may go; nothing has changed.
    """
    unseal: Wrap | None = partial(opening, passphrase=passphrase) if passphrase else None
    with _clear_errors(), reading(file, KIND, unseal) as backup:
        _require_still(settings, asked.force)
        entries = [*_forgotten_here(settings), *asked.forgotten]
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=_made(settings.state_dir)) as scratch:
            for name, places in parts(settings).items():
                with backup.part(name) as source:
                    files_tar.load({one: Path(scratch) / one for one in places}, source)
            require_fit(backup, _values(settings), asked.secrets, env_file() or home() / ".env")
            _swap(settings, Path(scratch))
        key = backup.secrets()["FORGET_KEY"] if asked.secrets == "backup" and backup.is_sealed else None
    initialise(settings)
    taken = settings.model_copy(update={"forget_key": SecretStr(key)}) if key else settings
    forgetting.replay(taken, entries)


def _swap(settings: Settings, scratch: Path) -> None:
    """Puts what was unpacked in the place of what is there; what waits in journals stays beside."""
    for part, places in parts(settings).items():
        for name, place in places.items():
            if part != "journal.tar":
                files_tar.remove(place)
            for path in sorted(scratch.joinpath(name).rglob("*")) or [scratch / name]:
                target = place.joinpath(path.relative_to(scratch / name))
                if path.is_file() and not target.exists():
                    _made(target.parent)
                    shutil.move(path, target)


def _require_still(settings: Settings, force: bool) -> None:
    if Supervisor(Folders.of(settings)).processes():
        raise BackupError("the services run: `make down` first; nothing was changed")
    if not force and (folder_of_databases(settings) / "RAW_DATA.db").is_file():
        raise BackupError(f"{settings.state_dir} has data: FORCE=1 replaces all of it by what the backup holds")


def _forgotten_here(settings: Settings) -> list[Entry]:
    """The record of what is to be replaced."""
    engine = create_engine(f"sqlite:///{folder_of_databases(settings) / 'RAW_DATA.db'}")
    try:
        return forgetting.entries_of(engine) if has_table(engine, "forgotten") else []
    finally:
        engine.dispose()


def folder_of_databases(settings: Settings) -> Path:
    """Where the SQLite files are.

    Raises:
        BackupError: the databases are on a server.
    """
    url = make_url(settings.database_server)
    if url.get_backend_name() != "sqlite":
        raise BackupError("DATABASE_URL names a server: its databases are saved where it runs; nothing was changed")
    return Path(str(url.database))


def _values(settings: Settings) -> dict[str, str]:
    secret = {name.upper(): getattr(settings, name).get_secret_value() for name in _SECRETS}
    return secret | {"MODEL_PUBLIC_KEYS": settings.model_public_keys}


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except BackupError as error:
        raise NotSavedError(str(error)) from error
