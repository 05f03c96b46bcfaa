"""The last good model, kept on disk: what the service starts from while MLflow and its store are gone."""

import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from app_back.models.served_version import named, proven
from connections.model_registry import RegisteredVersion
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.inference import ModelFileError, PromotionRecord, PublicKeys, Scorer, ServedFiles, record_of

_VERSION_FILE = "version.json"
_SERVED = "served/"
_VERSION = TypeAdapter(RegisteredVersion)
# A part that nobody has written to for so long was left by a process that was killed.
_LEFT = timedelta(minutes=10).total_seconds()


class Copy(NamedTuple):
    """The model on disk, which proved itself."""

    version: RegisteredVersion
    scorer: Scorer
    promotion: PromotionRecord | None


class LastGood:
    """One file with a version's served files and their manifest, replaced as a whole.

    Several processes, and containers, may share it: each follows the same alias, and the last to write is right.
    """

    def __init__(self, settings: Settings) -> None:
        self._name = settings.model_name
        self._keys = PublicKeys(settings.model_public_keys)
        self._external = settings.allow_external_promotion
        self.path = settings.state_dir / "serving/model/last_good.zip"
        self._refused: tuple[tuple[int, int, int], ModelFileError] | None = None

    def keep(self, version: RegisteredVersion, files: ServedFiles) -> None:
        """Puts a version in the place of the one that is kept; durable when it returns.

        Raises:
            OSError: the disk is full or may not be written; what was kept stays.
        """
        with replacing(self.path) as part:
            self._remove_what_is_left()
            with part.open("wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    archive.writestr(_VERSION_FILE, _VERSION.dump_json(version))
                    for name, content in files.items():
                        archive.writestr(_SERVED + name, content)
                file.flush()
                os.fsync(file.fileno())
        _sync(self.path.parent)

    def version(self) -> RegisteredVersion | None:
        """The version that is kept, or None when there is none that can be told."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return _VERSION.validate_json(archive.read(_VERSION_FILE))
        except Exception:  # however a file can be damaged
            return None

    def load(self) -> Copy | None:
        """The model that is kept, or None while there is none of the registered model's name.

        Raises:
            ModelFileError: it is damaged, or does not prove itself.
        """
        try:
            status = self.path.stat()
        except OSError:
            return None
        now = status.st_ino, status.st_mtime_ns, status.st_size
        if self._refused is not None and self._refused[0] == now:
            raise self._refused[1]
        try:
            return self._proven()
        except ModelFileError as error:
            self._refused = now, error
            raise

    def remove(self) -> None:
        """Takes it away.

        Raises:
            OSError: the folder may not be written.
        """
        if self.path.exists():
            self.path.unlink(missing_ok=True)
            _sync(self.path.parent)

    def _proven(self) -> Copy | None:
        version, files = self._read()
        if version.name != self._name:
            return None
        try:
            promotion = self._promotion(version)
            return Copy(version, proven(files, self._keys, promotion), promotion)
        except ModelFileError as error:
            raise ModelFileError(f"the copy of {named(version)} on disk is refused: {error}") from error

    def _promotion(self, version: RegisteredVersion) -> PromotionRecord | None:
        try:
            return record_of(version, self._keys)
        except ModelFileError:
            if self._external:
                return None
            raise

    def _read(self) -> tuple[RegisteredVersion, ServedFiles]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                version = _VERSION.validate_json(archive.read(_VERSION_FILE))
                names = [name for name in archive.namelist() if name.startswith(_SERVED)]
                return version, {name.removeprefix(_SERVED): archive.read(name) for name in names}
        except Exception as error:  # however a file can be damaged
            raise ModelFileError(f"the copy on disk cannot be read ({type(error).__name__})") from error

    def _remove_what_is_left(self) -> None:
        for part in self.path.parent.glob(f".{self.path.name}.*.part"):
            if _age(part) > _LEFT:
                part.unlink(missing_ok=True)


def _age(path: Path) -> float:
    from readmission.clock import epoch, now

    try:
        return epoch(now()) - path.stat().st_mtime
    except OSError:
        return 0.0


def _sync(folder: Path) -> None:
    """Makes a folder's new or removed names outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
