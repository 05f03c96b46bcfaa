"""What the shadow says of encounters, for the log alone: whatever goes wrong with it, the answers are as without it."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app_back.metrics import Metrics
from app_back.models.served_version import LoadedModel
from app_back.models.shadow_holder import ShadowHolder
from readmission.features import Value

logger = logging.getLogger(__name__)

Requests = Sequence[Mapping[str, Value]]


class ShadowScore(NamedTuple):
    """What a row keeps of the shadow; the probability is None where it could not score the encounter."""

    version: str | None = None
    probability: float | None = None
    threshold: float | None = None


class Shadow:
    """Scores with the shadow that is held, and counts what it could not score."""

    def __init__(self, holder: ShadowHolder, metrics: Metrics) -> None:
        self._holder, self._metrics = holder, metrics
        self._told: tuple[str, str] | None = None

    def scores(self, requests: Requests, answering: LoadedModel) -> list[ShadowScore]:
        """A score for each whole request, beside the version that answers it; never raises."""
        shadow = self._holder.beside(answering)
        if shadow is None:
            return [ShadowScore()] * len(requests)
        version, threshold = shadow.version.version, shadow.scorer.config.threshold
        return [ShadowScore(version, found, threshold) for found in self._probabilities(requests, shadow)]

    def _probabilities(self, requests: Requests, shadow: LoadedModel) -> list[float | None]:
        try:
            matrix = shadow.scorer.encoding.of_requests(requests)
        except Exception as error:
            if len(requests) == 1:
                return self._failed(shadow, type(error).__name__, 1)
            # In halves, so that one that it cannot read neither takes the others with it nor has each scored alone.
            half = len(requests) // 2
            return self._probabilities(requests[:half], shadow) + self._probabilities(requests[half:], shadow)
        try:
            found = shadow.scorer.of_matrix(matrix).tolist()
        except Exception as error:
            return self._failed(shadow, type(error).__name__, len(requests))
        # A database refuses what is no number, and the answers of the whole group would wait for that.
        return [each if math.isfinite(each) else self._failed(shadow, "nan", 1)[0] for each in found]

    def _failed(self, shadow: LoadedModel, kind: str, rows: int) -> list[float | None]:
        """Counts failures; logs each kind once in a row, and no text of it, which may quote a value."""
        self._metrics.shadow_failed(kind, rows)
        version = shadow.version.version
        if self._told != (version, kind):
            self._told = version, kind
            logger.warning("the shadow, version %s, could not score an encounter (%s)", version, kind)
        return [None] * rows
