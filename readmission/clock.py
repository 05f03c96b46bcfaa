"""The platform's one clock. Every time that it keeps is UTC without a zone, as the tables hold it."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer


def now() -> datetime:
    """The present moment in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def zoned(moment: datetime) -> datetime:
    """The same moment with its zone, for those who do not know that it is UTC."""
    return moment.replace(tzinfo=UTC)


def unzoned(moment: datetime) -> datetime:
    """A moment with a zone as the tables hold it; one without is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def epoch(moment: datetime) -> float:
    """The seconds from 1970 to the moment."""
    return zoned(moment).timestamp()


# A model's moment, which its JSON tells with the zone.
Moment = Annotated[datetime, PlainSerializer(zoned, when_used="json")]
