"""What a check came to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """What a check looked for, whether it found a leak, and in a sentence what it saw."""

    check: str
    leak: bool
    told: str
