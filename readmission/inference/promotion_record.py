"""The record of a promotion: which version the pipeline put in production, when, why, and which files it had.

It stands on the version as a tag, with the pipeline's signature.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ValidationError

from readmission.inference.served_files import MANIFEST_FILE, ModelFileError, ServedFiles
from readmission.inference.signatures import PublicKeys, Signature

RECORD_TAG = "promotion_record"


class PromotionRecord(BaseModel):
    """What was promoted: a version of a registered model, with the sha256 of its manifest; `time` is UTC.

    Each promotion of a model has a later time than the one before, whatever clocks say. `action` and `by_whom` are
    those of the ledger's entry; a record of before the ledger names nobody.
    """

    name: str
    version: str
    previous: str | None
    time: AwareDatetime
    reason: str
    manifest_sha256: str
    action: Literal["promoted", "approved", "rolled_back"] = "promoted"
    by_whom: str | None = None

    def check_files(self, served: ServedFiles) -> None:
        """Holds a version's files against those that were promoted.

        Raises:
            ModelFileError: they are others, though the pipeline may have signed them.
        """
        if hashlib.sha256(served.get(MANIFEST_FILE, b"")).hexdigest() != self.manifest_sha256:
            raise ModelFileError("its files are not those that were promoted", "changed")


class Tagged(Protocol):
    """A version as the registry gives it."""

    @property
    def name(self) -> str:
        """The registered model's."""

    @property
    def version(self) -> str:
        """Its number."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its own tags."""


class SignedRecord(BaseModel):
    """The tag: the record as the very text that was signed, and the signature."""

    record: str
    signature: Signature


def record_of(version: Tagged, keys: PublicKeys) -> PromotionRecord:
    """The record on a version, once its signature holds and it names this version of this model.

    Raises:
        ModelFileError: there is none, or it does not hold.
    """
    if RECORD_TAG not in version.tags:
        raise ModelFileError(
            "it has no record of its promotion, so that it was put in production past the pipeline; promote it with "
            "`readmission promote` if it should serve, or if it is from before models were signed, run `readmission "
            "registry adopt`",
            "not_promoted",
        )
    try:
        signed = SignedRecord.model_validate_json(version.tags[RECORD_TAG])
        keys.check("promotion", signed.record.encode(), signed.signature, "the record of its promotion")
        record = PromotionRecord.model_validate_json(signed.record)
    except ValidationError as error:
        raise ModelFileError("the record of its promotion cannot be read", "not_promoted") from error
    if (record.name, record.version) != (version.name, version.version):
        raise ModelFileError(
            f"the record of its promotion is that of version {record.version} of {record.name}", "not_promoted"
        )
    return record


def records_among(versions: Iterable[Tagged], keys: PublicKeys) -> list[PromotionRecord]:
    """The records that hold, the latest first."""
    found = []
    for version in versions:
        with suppress(ModelFileError):
            found.append(record_of(version, keys))
    return sorted(found, key=lambda record: record.time, reverse=True)


def check_latest(record: PromotionRecord, latest: PromotionRecord | None) -> None:
    """Holds a record against the latest that is known.

    Raises:
        ModelFileError: it is an earlier one, so that the alias was moved back past the pipeline.
    """
    if latest is not None and record.time < latest.time:
        raise ModelFileError(
            f"it was promoted at {record.time:%Y-%m-%d %H:%M:%S}, and version {latest.version} after it, at "
            f"{latest.time:%Y-%m-%d %H:%M:%S}; go back with `readmission rollback` or `readmission promote`",
            "not_promoted",
        )
