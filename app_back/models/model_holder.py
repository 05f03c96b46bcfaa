"""The model version that answers: loaded from the registry, kept in memory, and followed without a restart."""

import logging
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from app_back.errors import NoModelError
from connections.model_registry import (
    RegisteredVersion,
    ask_briefly,
    download_served_files,
    latest_version,
    production_version,
)
from connections.settings import Settings
from readmission.clock import now
from readmission.inference import ModelFileError, Scorer

logger = logging.getLogger(__name__)

STOP_SECONDS = 5
WHAT_TO_DO = (
    "activate and run the DAGs in order: crear_bases_si_no_existen, cargar_datos, preprocesar_datos, entrenar_modelo"
)


@dataclass(frozen=True)
class LoadedModel:
    """A registered version with its scorer, ready to answer."""

    version: RegisteredVersion
    scorer: Scorer
    loaded_at: datetime


class _Refusal(NamedTuple):
    version: RegisteredVersion
    reason: str


class ModelHolder:
    """Follows the alias `production` with a thread of its own.

    A version that cannot be loaded, or a registry that does not answer, leaves the model that answers in place.
    Taking the alias away takes the model out of service.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: LoadedModel | None = None
        self._refusal: _Refusal | None = None
        self._problem: str | None = None
        self._latest: str | None = None
        self._known = False
        self._stopping = Event()
        self._thread = Thread(target=self._follow, name="model-registry", daemon=True)

    @property
    def problem(self) -> str | None:
        """Why the registry cannot be followed at present, or None."""
        return self._problem

    @property
    def known(self) -> bool:
        """Whether the registry has answered once; before that a model may be in production that is not loaded yet."""
        return self._known

    @property
    def loaded(self) -> LoadedModel | None:
        """The model that answers, or None."""
        return self._model

    def current(self) -> LoadedModel:
        """The model that answers.

        Raises:
            NoModelError: no version is in production, or none could be loaded.
        """
        if (model := self._model) is not None:
            return model
        if self._problem is None and not self._known:
            raise NoModelError("no model is loaded yet: MLflow is being asked which version is in production")
        if self._problem is not None:
            raise NoModelError(f"no model is loaded yet: {self._problem}")
        if self._latest is not None:
            raise NoModelError(f"no model is in production: {self._without_alias(self._latest)}")
        raise NoModelError(f"no model is in production yet; {WHAT_TO_DO}")

    def _without_alias(self, latest: str) -> str:
        name, alias = self._settings.model_name, self._settings.model_alias
        return (
            f"no version of {name} has the alias {alias}; give it to one with `readmission promote VERSION` "
            f"(the latest is {latest})"
        )

    def start(self) -> None:
        """Begins to follow the registry."""
        ask_briefly()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, waiting a few seconds for a call that is under way."""
        self._stopping.set()
        self._thread.join(STOP_SECONDS)

    def refresh(self) -> None:
        """Loads the version in production if it is another one than the loaded; never raises."""
        try:
            self._adopt(production_version(self._settings))
            self._known = True
        except ModelFileError as error:
            self._tell(str(error))
            self._known = True
        except Exception as error:
            # Whatever fails here is the registry's or the network's, and the next round tries again.
            self._tell(f"MLflow does not give the version in production ({type(error).__name__})", str(error))

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self.refresh()
            self._stopping.wait(self._settings.model_poll_seconds)

    def _adopt(self, version: RegisteredVersion | None) -> None:
        if version is None:
            self._latest = latest_version(self._settings)
            self._withdraw()
        elif self._model is not None and _same(version, self._model.version):
            self._model = replace(self._model, version=version)
        elif self._refusal is not None and _same(version, self._refusal.version):
            raise ModelFileError(self._refusal.reason)
        else:
            self._load(version)
        self._refusal = self._problem = None

    def _load(self, version: RegisteredVersion) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="readmission-model-") as folder:
                scorer = Scorer.load(download_served_files(self._settings, version, Path(folder)))
        except ModelFileError as error:
            # Its files will not get better: it is not fetched again until another version is in production.
            self._refusal = _Refusal(version, f"version {version.version} of {version.name} is unusable: {error}")
            raise ModelFileError(self._refusal.reason) from error
        self._model = LoadedModel(version, scorer, now())
        logger.info("version %s of %s answers from now on", version.version, version.name)

    def _withdraw(self) -> None:
        if self._model is not None:
            logger.warning("no version of %s is in production any more: nothing answers", self._settings.model_name)
        self._model = None

    def _tell(self, problem: str, detail: str = "") -> None:
        """Logs a problem once, however many rounds it lasts."""
        if problem != self._problem:
            state = "the loaded version stays" if self._model else "no model answers yet"
            logger.warning("%s; %s. %s", problem, state, detail)
        self._problem = problem


def _same(one: RegisteredVersion, other: RegisteredVersion) -> bool:
    """Whether two are the same version; its tags may change."""
    return replace(one, tags={}) == replace(other, tags={})
