"""What the service measures of itself, for Prometheus."""

import os
from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app_back.log.row import LoggedRow
from app_back.log.state import LogState
from app_back.models.model_holder import ModelHolder
from readmission import clock
from readmission.features import MODEL_FIELDS
from readmission.inference import Encoding, Why

# Several workers write their figures into files of this folder, from which whoever is asked adds them up.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

WHY = get_args(Why)
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_PROBABILITIES = tuple(step / 20 for step in range(1, 20))
_MISSING = {field.name: field.missing for field in MODEL_FIELDS if field.missing is not None}
_OTHER = {field.name: field.other for field in MODEL_FIELDS if field.other is not None}


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which says when the process first counted
        own = CollectorRegistry()
        self._own = own
        self._requests = Counter("readmission_requests", "Requests answered", ("route", "status"), registry=own)
        self._seconds = Histogram(
            "readmission_request_seconds", "From request to answer", ("route",), buckets=_SECONDS, registry=own
        )
        self.in_flight = 0
        self._in_flight = Gauge(
            "readmission_requests_in_flight", "Requests being answered", registry=own, multiprocess_mode="livesum"
        )
        self._groups = Histogram(
            "readmission_group_size", "Predictions logged by one commit", buckets=_GROUPS, registry=own
        )
        self._probabilities = Histogram(
            "readmission_probability", "Predicted probabilities", ("version",), buckets=_PROBABILITIES, registry=own
        )
        self._missing = Counter("readmission_field_missing", "Predictions without the field", ("field",), registry=own)
        self._unknown = Counter(
            "readmission_field_out_of_vocabulary", "Predictions whose text counts as other", ("field",), registry=own
        )
        self._journal_rows = Gauge(
            "readmission_journal_rows", "Predictions that wait in it", registry=own, multiprocess_mode="livesum"
        )
        self._journal_bytes = Gauge("readmission_journal_bytes", "Its size", registry=own, multiprocess_mode="livesum")
        self._journal_age = Gauge(
            "readmission_journal_oldest_seconds", "How long one waits", registry=own, multiprocess_mode="livemax"
        )
        self._model = Gauge(
            "readmission_model_age_seconds", "Since the version was loaded", ("version",), registry=own,
            multiprocess_mode="livemin",
        )  # fmt: skip
        self._refused = Gauge(
            "readmission_model_refused", "The version in production does not answer, and why", ("why",), registry=own,
            multiprocess_mode="livemax",
        )  # fmt: skip
        self._shadow_failures = Counter(
            "readmission_shadow_failures", "Predictions that the shadow could not score", ("error",), registry=own
        )
        self._version: str | None = None
        # Asking for a label takes a lock and a search each time.
        self._outcomes: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def ended(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        outcome = self._outcomes.get((route, status))
        if outcome is None:
            outcome = self._requests.labels(route, status), self._seconds.labels(route)
            self._outcomes[route, status] = outcome
        outcome[0].inc()
        outcome[1].observe(seconds)

    def answered(self, rows: Sequence[LoggedRow], matrix: NDArray[np.float32], encoding: Encoding) -> None:
        """A group of predictions was logged; `matrix`, shape (rows, columns), is what the model scored."""
        self._groups.observe(len(rows))
        probabilities = self._probabilities.labels(rows[0].model_version)
        for row in rows:
            probabilities.observe(row.probability)
        times = matrix.sum(axis=0)
        for counter, categories in ((self._missing, _MISSING), (self._unknown, _OTHER)):
            for name, category in categories.items():
                column = encoding.column(name, category)
                if column is not None and times[column]:
                    counter.labels(name).inc(float(times[column]))

    def shadow_failed(self, error: str, predictions: int) -> None:
        """The shadow could not score so many predictions; `error` is the name of its class."""
        self._shadow_failures.labels(error).inc(predictions)

    def seen(self, log: LogState, models: ModelHolder) -> None:
        """How journal and model are at present."""
        self._in_flight.set(self.in_flight)
        self._journal_rows.set(log.rows)
        self._journal_bytes.set(log.bytes)
        self._journal_age.set(log.oldest_seconds or 0)
        model = models.state()
        version = model.version
        if self._version not in (None, version):
            self._model.remove(self._version)
        self._version = version
        for why in WHY:
            self._refused.labels(why).set(why == model.refused)
        if model.loaded_at is not None:
            self._model.labels(version).set((clock.now() - model.loaded_at).total_seconds())

    def exposed(self) -> bytes:
        """Everything, in Prometheus's text format."""
        self._in_flight.set(self.in_flight)
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._own)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
        return generate_latest(together)
