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
from readmission.inference import (
    ModelFileError,
    PromotionRecord,
    PublicKeys,
    Scorer,
    ServedFiles,
    Why,
    check_size,
    read_folder,
)

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
    promotion: PromotionRecord | None = None


class RefusedError(RuntimeError):
    """A version does not prove itself; the message says why, and `why` in a word."""

    def __init__(self, message: str, why: Why) -> None:
        super().__init__(message)
        self.why: Why = why


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
    why: Why
    promotion: PromotionRecord | None

    def stands(self, settings: Settings, version: RegisteredVersion, promotion: PromotionRecord | None) -> bool:
        """Whether a version is the refused one, with files that are the same as far as a cheap look can tell.

        Every minute the answer is no, whatever the look would say.
        """
        changed = not same(version, self.version) or promotion != self.promotion
        if changed or monotonic() - self.at > ANEW_SECONDS:
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
        RefusedError: they are larger than any model, or no files.
    """
    try:
        listed = list_served_files(settings, version)
        if listed:
            check_size(sum(file.size or 0 for file in listed))
            with tempfile.TemporaryDirectory(prefix="readmission-model-") as folder:
                place = download_served_files(settings, version, Path(folder))
                return Fetched(read_folder(place), _mark(listed, lambda name: (place / name).read_bytes()))
    except ModelFileError as error:
        raise RefusedError(f"{named(version)} is refused: {error}", error.why) from error
    except Exception as error:
        # Whatever fails here is MLflow's, its store's or the network's, and the next round tries again.
        raise FilesUnavailableError(f"the files of {named(version)} are not to be had from MLflow") from error
    raise FilesUnavailableError(f"{named(version)} has no served files in MLflow's store: were they deleted?")


def prove(
    version: RegisteredVersion, fetched: Fetched, keys: PublicKeys, promotion: PromotionRecord | None
) -> Scorer | Refusal:
    """The model of files that prove themselves and are those that were promoted, or why they do not."""
    try:
        return proven(fetched.files, keys, promotion)
    except ModelFileError as error:
        told = f"{named(version)} is refused: {error}"
        return Refusal(version, told, fetched.mark, monotonic(), error.why, promotion)


def proven(files: ServedFiles, keys: PublicKeys, promotion: PromotionRecord | None) -> Scorer:
    """The model of files that prove themselves and are those that were promoted.

    Raises:
        ModelFileError: they are not, or do not.
    """
    scorer = Scorer.proven(files, keys)
    if promotion is not None:
        promotion.check_files(files)
    return scorer


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
