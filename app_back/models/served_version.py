"""A version's files, fetched from MLflow, and what is remembered of a version whose files were refused."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Literal, NamedTuple

from connections.model_registry import RegisteredVersion, download_served_files
from connections.settings import Settings
from connections.version_files import ListedFile, list_served_files, read_served_file
from readmission.inference import ModelFileError, Scorer, ServedFiles, read_folder

Source = Literal["registry", "disk"]
ANEW_SECONDS = 60.0
_SMALL = 1_000_000


@dataclass(frozen=True)
class LoadedModel:
    """A registered version with its scorer, ready to answer, and where its files came from."""

    version: RegisteredVersion
    scorer: Scorer
    loaded_at: datetime
    source: Source = "registry"


class RefusedError(RuntimeError):
    """The files of the version in production do not prove themselves; the message says why."""


class FilesUnavailableError(RuntimeError):
    """MLflow answers, and does not give a version's files: its object store is gone, or they were deleted."""


class Fetched(NamedTuple):
    """A version's files, and what tells later, at little cost, whether they have changed."""

    files: ServedFiles
    mark: str


class Refusal(NamedTuple):
    """A version whose files did not prove themselves; they are not fetched again while they are the same."""

    version: RegisteredVersion
    reason: str
    mark: str
    at: float

    def stands(self, settings: Settings, version: RegisteredVersion) -> bool:
        """Whether a version is the refused one, with files that are the same as far as a cheap look can tell.

        Every minute the answer is no, whatever the look would say.
        """
        if not same(version, self.version) or monotonic() - self.at > ANEW_SECONDS:
            return False
        try:
            listed = list_served_files(settings, version)
            return self.mark == _mark(listed, lambda name: read_served_file(settings, version, name))
        except Exception:  # what cannot be looked at has not changed yet
            return True


def fetch(settings: Settings, version: RegisteredVersion) -> Fetched:
    """A version's files from MLflow.

    Raises:
        FilesUnavailableError: they cannot be had.
    """
    try:
        listed = list_served_files(settings, version)
        if listed:
            with tempfile.TemporaryDirectory(prefix="readmission-model-") as folder:
                place = download_served_files(settings, version, Path(folder))
                return Fetched(read_folder(place), _mark(listed, lambda name: (place / name).read_bytes()))
    except Exception as error:
        # Whatever fails here is MLflow's, its store's or the network's, and the next round tries again.
        raise FilesUnavailableError(f"the files of {named(version)} are not to be had from MLflow") from error
    raise FilesUnavailableError(f"{named(version)} has no served files in MLflow's store: were they deleted?")


def prove(version: RegisteredVersion, fetched: Fetched) -> Scorer | Refusal:
    """The model of files that prove themselves, or why they do not."""
    try:
        return Scorer.proven(fetched.files)
    except ModelFileError as error:
        return Refusal(version, f"{named(version)} is refused: {error}", fetched.mark, monotonic())


def same(one: RegisteredVersion, other: RegisteredVersion) -> bool:
    """Whether two are the same version; its tags may change."""
    return replace(one, tags={}) == replace(other, tags={})


def named(version: RegisteredVersion) -> str:
    """The words for a version in a sentence."""
    return f"version {version.version} of {version.name}"


def _mark(listed: Sequence[ListedFile], read: Callable[[str], bytes]) -> str:
    """A hash over names and sizes, and over the contents of what is small."""
    digest = hashlib.sha256(repr(listed).encode())
    for file in listed:
        if file.size is not None and file.size <= _SMALL:
            digest.update(hashlib.sha256(read(file.name)).digest())
    return digest.hexdigest()
