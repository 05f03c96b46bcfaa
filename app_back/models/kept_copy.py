"""The copy on disk as the service uses it: what goes wrong with it is told, and ends nothing."""

import logging
from time import monotonic

from app_back.models.last_good import Copy, LastGood
from app_back.models.served_version import named, same
from connections.model_registry import RegisteredVersion
from connections.settings import Settings
from readmission.inference import RECORD_TAG, ModelFileError, ServedFiles

logger = logging.getLogger(__name__)

# A disk that took no copy is asked again after so long: each time the files are fetched anew.
AGAIN_SECONDS = 60.0


class KeptCopy:
    """The last good model on disk; `problem` is why there is none, or none that could be used."""

    def __init__(self, settings: Settings) -> None:
        self._last_good = LastGood(settings)
        self._failed_at: float | None = None
        self.problem: str | None = None

    def lacks(self, version: RegisteredVersion) -> bool:
        """Whether another version or promotion is kept, or none, and it is time to try again."""
        if self._failed_at is not None and monotonic() - self._failed_at < AGAIN_SECONDS:
            return False
        kept = self._last_good.version()
        return kept is None or not same(kept, version) or kept.tags.get(RECORD_TAG) != version.tags.get(RECORD_TAG)

    def version(self) -> RegisteredVersion | None:
        """The version that is kept, as it was when it was; nothing proves it yet."""
        return self._last_good.version()

    def keep(self, version: RegisteredVersion, files: ServedFiles) -> None:
        """Keeps a version that proved itself in the place of another."""
        try:
            self._last_good.keep(version, files)
        except OSError as error:
            self._failed_at = monotonic()
            self._tell(f"{named(version)} cannot be kept on disk for a start without MLflow ({error.strerror})")
        else:
            self._failed_at = None
            self._tell(None)

    def load(self) -> Copy | None:
        """The model that is kept, where it proves itself."""
        try:
            copy = self._last_good.load()
        except ModelFileError as error:
            self._tell(str(error))
            return None
        self._tell(None)
        return copy

    def remove(self) -> None:
        """Takes the copy of a model that was taken out of service away."""
        try:
            self._last_good.remove()
        except OSError as error:
            self._tell(
                f"the copy of the withdrawn model cannot be removed ({error.strerror}) and would answer after "
                f"a start without MLflow: delete {self._last_good.path}"
            )
        else:
            self._tell(None)

    def _tell(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem
