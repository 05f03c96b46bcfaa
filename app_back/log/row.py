"""A row of the log, in the order of the table's columns, and its id."""

import random
import time
from datetime import datetime
from typing import NamedTuple

from readmission.clock import now

_FRACTIONS = 1 << 12
_RANDOM_BITS = 62
_VERSION, _VARIANT = 0x7 << 76, 0b10 << _RANDOM_BITS


class LoggedRow(NamedTuple):
    """One prediction as it is kept. `created_at` is UTC without a zone, `inputs` the complete request as JSON text.

    What has a default came later: journals and tables of before lack it.
    """

    prediction_id: str
    created_at: datetime
    encounter_ref: str | None
    inputs: str
    prediction: int
    probability: float
    threshold: float
    model_name: str
    model_version: str
    dataset: str
    request_id: str | None = None
    shadow_version: str | None = None
    shadow_probability: float | None = None
    shadow_threshold: float | None = None


COLUMNS = LoggedRow._fields


def new_id() -> str:
    """A UUIDv7 (RFC 9562, method 3: 12 bits of a millisecond's fraction): ids in the order of time.

    A random key would have the database write all over its index as the table grows. The package `uuid6` adds a
    millisecond to each id after the first of a millisecond: its clock runs ahead wherever over 1,000 a second are made.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * _FRACTIONS // 1_000_000
    value = milliseconds << 80 | _VERSION | fraction << 64 | _VARIANT | random.getrandbits(_RANDOM_BITS)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def probe_row() -> LoggedRow:
    """A row that is only there to be taken back."""
    return LoggedRow(new_id(), now(), None, "{}", 0, 0.0, 0.0, "", "", "")
