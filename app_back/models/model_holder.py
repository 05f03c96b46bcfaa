"""The model version that answers: loaded from the registry, kept in memory, and followed without a restart."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from app_back.errors import NoModelError
from app_back.models.following import Following
from app_back.models.kept_copy import KeptCopy
from app_back.models.promotions import Promotions
from app_back.models.served_version import (
    FilesUnavailableError,
    LoadedModel,
    Refusal,
    RefusedError,
    Source,
    fetch,
    prove,
    same,
)
from connections.failures import words
from connections.model_registry import RegisteredVersion, ask_briefly, latest_version, production_version
from connections.settings import Settings
from readmission.clock import now
from readmission.inference import PromotionRecord, PublicKeys, Why

logger = logging.getLogger(__name__)

# How long one answer of MLflow's is waited for: another look follows soon.
ASK_SECONDS = 5
WHAT_TO_DO = (
    "activate and run the DAGs in order: crear_bases_si_no_existen, cargar_datos, preprocesar_datos, entrenar_modelo"
)


class ModelState(NamedTuple):
    """What answers at a moment, for metrics and health; all but `problem` is None while nothing does.

    `refused` is why another is in production and does not answer.
    """

    version: str | None
    loaded_at: datetime | None
    source: Source | None
    problem: str | None
    refused: Why | None = None


class ModelHolder:
    """Follows the alias `production` with a thread of its own.

    A version that cannot be had or does not prove itself, or a registry that does not answer, leaves the model that
    answers in place. Where there is none yet, the copy on disk answers. Taking the alias away takes the model out of
    service, and the copy with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: LoadedModel | None = None
        self._copy = KeptCopy(settings)
        self._keys = PublicKeys(settings.model_public_keys)
        self._promotions = Promotions(settings, self._keys)
        self._promotions.recall(self._copy.version())
        self._refused: Why | None = None
        self._refusal: Refusal | None = None
        self._problem: str | None = None
        self._latest: str | None = None
        self._known = self._withdrawn = False
        self._following = Following(self.refresh, settings.model_poll_seconds, "model-registry")

    @property
    def problem(self) -> str | None:
        """Why the registry cannot be followed, or the model not kept on disk, at present; or None."""
        model, told = self._model, [self._problem, self._copy.problem]
        if model is not None and model.source == "disk":
            told.append(f"version {model.version.version} answers from the copy on disk")
        return "; ".join(filter(None, told)) or None

    @property
    def known(self) -> bool:
        """Whether the registry has answered once; before that a model may be in production that is not loaded yet."""
        return self._known

    def state(self) -> ModelState:
        """What answers, without asking anybody."""
        model = self._model
        if model is None:
            return ModelState(None, None, None, self.problem, self._refused)
        return ModelState(model.version.version, model.loaded_at, model.source, self.problem, self._refused)

    def current(self) -> LoadedModel:
        """The model that answers.

        Raises:
            NoModelError: no version is in production, or none could be loaded.
        """
        if (model := self._model) is not None:
            return model
        if self._problem is not None:
            raise NoModelError(f"no model is loaded yet: {self.problem}")
        if not self._known:
            raise NoModelError("no model is loaded yet: MLflow is being asked which version is in production")
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
        ask_briefly(ASK_SECONDS)
        self._following.start()

    def stop(self) -> None:
        """Ends the thread, waiting a few seconds for a call that is under way."""
        self._following.stop()

    def refresh(self) -> None:
        """Looks at the registry once and does what follows from it; never raises."""
        try:
            self._look()
        except (RefusedError, FilesUnavailableError) as error:
            self._refused = error.why if isinstance(error, RefusedError) else None
            self._fail(str(error), error.__cause__, known=True)
        except Exception as error:
            # Whatever fails here is the registry's or the network's, and the next round tries again.
            self._fail(f"MLflow does not give the version in production ({type(error).__name__})", error)
        else:
            self._known, self._problem, self._refused = True, None, None

    def _look(self) -> None:
        version = production_version(self._settings)
        model = self._model
        if version is None:
            self._withdraw()
            return
        promotion = self._promotions.require(version)
        if model is not None and model.source == "registry" and same(version, model.version):
            self._model = replace(model, version=version, promotion=promotion)
            self._promotions.remember(promotion)
            if self._copy.lacks(version):
                self._copy.keep(version, fetch(self._settings, version).files)
        elif self._refusal is not None and self._refusal.stands(self._settings, version, promotion):
            raise RefusedError(self._refusal.reason, self._refusal.why)
        else:
            self._load(version, promotion)

    def _load(self, version: RegisteredVersion, promotion: PromotionRecord | None) -> None:
        self._refusal = None
        fetched = fetch(self._settings, version)
        found = prove(version, fetched, self._keys, promotion)
        if isinstance(found, Refusal):
            self._refusal = found
            raise RefusedError(found.reason, found.why)
        self._model, self._problem, self._withdrawn = (
            LoadedModel(version, found, now(), "registry", promotion),
            None,
            False,
        )
        self._promotions.remember(promotion)
        logger.info("version %s of %s answers from now on", version.version, version.name)
        if promotion is None:
            logger.warning(
                "version %s was put in production past the pipeline (ALLOW_EXTERNAL_PROMOTION)", version.version
            )
        self._copy.keep(version, fetched.files)

    def _withdraw(self) -> None:
        try:
            self._latest = latest_version(self._settings)
        finally:
            if self._model is not None:
                logger.warning("no version of %s is in production any more: nothing answers", self._settings.model_name)
            self._model, self._refusal, self._withdrawn = None, None, True
            self._copy.remove()

    def _fail(self, problem: str, cause: BaseException | None, known: bool = False) -> None:
        """Has the copy answer where nothing does, and logs a problem once, however many rounds it lasts."""
        if self._model is None and not self._withdrawn and (copy := self._copy.load()) is not None:
            self._model = LoadedModel(copy.version, copy.scorer, now(), "disk", copy.promotion)
            logger.warning("version %s of %s answers from the copy on disk", copy.version.version, copy.version.name)
        if problem != self._problem:
            state = "the loaded version stays" if self._model else "no model answers yet"
            logger.warning("%s; %s%s", problem, state, f". {words(cause)}" if cause else "")
        self._problem, self._known = problem, self._known or known
