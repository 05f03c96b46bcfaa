"""The platform's one clock. Every time that it keeps is UTC without a zone, as the tables hold it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
