"""Whether the pipeline put a version in production: the record of its promotion, and that none came after it."""

import logging

from app_back.models.served_version import RefusedError, named
from connections.model_registry import RegisteredVersion, registered_versions
from connections.settings import Settings
from readmission.inference import (
    ModelFileError,
    PromotionRecord,
    PublicKeys,
    check_latest,
    record_of,
    records_among,
)

logger = logging.getLogger(__name__)


class Promotions:
    """What the service knows of promotions. It remembers the latest that it followed, so that none before comes back.

    With ALLOW_EXTERNAL_PROMOTION a version without a record is served too; its files are signed all the same.
    """

    def __init__(self, settings: Settings, keys: PublicKeys) -> None:
        self._settings, self._keys = settings, keys
        self._followed: PromotionRecord | None = None

    def require(self, version: RegisteredVersion) -> PromotionRecord | None:
        """The record of the version that has the alias.

        Raises:
            RefusedError: it has none that holds, or another version was promoted after it.
        """
        try:
            record = record_of(version, self._keys)
            check_latest(record, self._followed)
            if record != self._followed:
                versions = registered_versions(self._settings, version.name)
                check_latest(record, next(iter(records_among(versions, self._keys)), None))
        except ModelFileError as error:
            if self._settings.allow_external_promotion:
                return None
            raise RefusedError(f"{named(version)} is refused: {error}", error.why) from error
        return record

    def remember(self, record: PromotionRecord | None) -> None:
        """The version of this record is followed; None is that of a version without one."""
        self._followed = record or self._followed

    def recall(self, version: RegisteredVersion | None) -> None:
        """Takes up what was followed before this process began, from the version that was kept."""
        if version is not None and version.name == self._settings.model_name:
            try:
                self.remember(record_of(version, self._keys))
            except ModelFileError as error:
                logger.warning("what is kept of %s tells of no promotion: %s", named(version), error)
