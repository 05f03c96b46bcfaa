"""The shadow: a version that is scored beside the one that answers, and logged; nobody gets its answer."""

import logging

from app_back.models.following import Following
from app_back.models.model_holder import ModelHolder
from app_back.models.served_version import (
    FilesUnavailableError,
    LoadedModel,
    Refusal,
    RefusedError,
    fetch,
    named,
    prove,
    same,
)
from connections.failures import words
from connections.model_registry import RegisteredVersion, aliased_version
from connections.settings import Settings
from readmission.clock import now
from readmission.inference import PublicKeys

logger = logging.getLogger(__name__)


class ShadowHolder:
    """Follows SHADOW_ALIAS with a thread of its own, as production is followed; nothing where that is empty.

    Its files prove themselves like any other's. It needs no record of a promotion, since it never answers, and is not
    kept on disk. Whatever is wrong with it is told, and ends nothing.
    """

    def __init__(self, settings: Settings, models: ModelHolder) -> None:
        self._settings, self._models = settings, models
        self._alias = settings.shadow_alias
        self._keys = PublicKeys(settings.model_public_keys)
        self._model: LoadedModel | None = None
        self._refusal: Refusal | None = None
        self._following = Following(self.refresh, settings.model_poll_seconds, "shadow-registry")
        self.problem: str | None = None

    @property
    def version(self) -> str | None:
        """The number of the version that is scored at present."""
        return None if self._model is None else self._model.version.version

    def beside(self, model: LoadedModel) -> LoadedModel | None:
        """The version to score beside another; none while there is none, or it is that one."""
        shadow = self._model
        return None if shadow is None or same(shadow.version, model.version) else shadow

    def start(self) -> None:
        """Begins to follow the registry."""
        if self._alias:
            self._following.start()

    def stop(self) -> None:
        """Ends the thread, waiting a few seconds for a call that is under way."""
        if self._alias:
            self._following.stop()

    def refresh(self) -> None:
        """Looks at the registry once and does what follows from it; never raises."""
        try:
            self._tell(self._look())
        except (RefusedError, FilesUnavailableError) as error:
            self._tell(str(error), error.__cause__)
        except Exception as error:
            # Whatever fails here is the registry's or the network's, and the next round tries again.
            self._tell(f"MLflow does not give the version with the alias {self._alias} ({type(error).__name__})", error)

    def _look(self) -> str | None:
        """Why nothing is to be scored, or None."""
        version = aliased_version(self._settings, self._alias)
        if self._model is not None and (version is None or not same(version, self._model.version)):
            self._model = None
        if version is None:
            return f"no version of {self._settings.model_name} has the alias {self._alias}"
        if version.version == self._models.state().version:
            self._model = None
            return f"{named(version)} has the alias {self._alias} and is the one that answers"
        if self._model is None:
            self._load(version)
        return None

    def _load(self, version: RegisteredVersion) -> None:
        if self._refusal is not None and self._refusal.stands(self._settings, version, None):
            raise RefusedError(self._refusal.reason, self._refusal.why)
        self._refusal = None
        found = prove(version, fetch(self._settings, version), self._keys, None)
        if isinstance(found, Refusal):
            self._refusal = found
            raise RefusedError(found.reason, found.why)
        self._model = LoadedModel(version, found, now())
        logger.info("%s is scored beside the one that answers from now on", named(version))

    def _tell(self, problem: str | None, cause: BaseException | None = None) -> None:
        """Logs a problem once, however many rounds it lasts."""
        if problem is not None and problem != self.problem:
            state = "the shadow stays" if self._model else "nothing is scored beside"
            logger.warning("%s; %s%s", problem, state, f". {words(cause)}" if cause else "")
        self.problem = problem
