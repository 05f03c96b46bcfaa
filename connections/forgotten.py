"""The record of predictions that were deleted for good: what it holds of them, and which rows it says are gone.

It holds no id and no reference, but what a key makes of them: whoever reads the record without the key does not learn
whom it is about, and whoever brings back a backup, or what a journal held, can tell what must not come back.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

Kind = Literal["prediction", "encounter_ref", "retention"]


class Entry(NamedTuple):
    """What was deleted: all that the digest stands for, or with `retention` all, if answered by then (UTC)."""

    kind: str
    digest: str | None
    until: datetime


def digest(key: str, kind: Kind, value: str) -> str:
    """What the record holds of an id or a reference: HMAC-SHA256, hexadecimal."""
    return hmac.new(key.encode(), f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()


class Record:
    """Entries, and the key that their digests were made with."""

    def __init__(self, key: str, entries: Iterable[Entry]) -> None:
        self._key = key
        self._until: dict[tuple[str, str], datetime] = {}
        self.retained_from = datetime.min
        for entry in entries:
            if entry.digest is None:
                self.retained_from = max(self.retained_from, entry.until)
            else:
                place = (entry.kind, entry.digest)
                self._until[place] = max(self._until.get(place, datetime.min), entry.until)

    def covers(self, prediction_id: str, encounter_ref: str | None, created_at: datetime) -> bool:
        """Whether a row is one of those that were deleted; another of the same reference, answered later, is not."""
        if created_at < self.retained_from:
            return True
        return self._has("prediction", prediction_id, created_at) or (
            encounter_ref is not None and self._has("encounter_ref", encounter_ref, created_at)
        )

    def _has(self, kind: Kind, value: str, created_at: datetime) -> bool:
        until = self._until.get((kind, digest(self._key, kind, value))) if self._until else None
        return until is not None and created_at <= until
