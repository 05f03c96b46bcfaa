"""The ledger: what became of each version of a model, in rows of `CLEAN_DATA.promotions` that nobody changes."""

import getpass
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import insert, select

from connections.model_registry import RegisteredVersion
from connections.mysql_connections import engine_for
from connections.settings import Settings
from connections.tables import promotions
from readmission.clock import now

Live = Literal["promoted", "approved", "rolled_back"]
NotLive = Literal["refused", "withdrawn"]
Action = Live | NotLive
LIVE: tuple[Live, ...] = get_args(Live)
MOST_NAME, MOST_REASON = 512, 1_000


@dataclass(frozen=True)
class Entry:
    """What became of a version at a moment (UTC, without a zone).

    It leads from the version that was live to the one that it is about; a withdrawal leads from a version to none.
    `version_created` (milliseconds since 1970) tells the version from a later one that MLflow gives the same number.
    """

    happened_at: datetime
    model: str
    action: Action
    from_version: str | None
    to_version: str | None
    by_whom: str
    reason: str
    version_created: int | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def live(self) -> Live | None:
        """How it put a version in production; None where it did not."""
        return next((one for one in LIVE if one == self.action), None)

    def is_about(self, version: RegisteredVersion) -> bool:
        """Whether it is this version, and not one that was deleted and had its number."""
        number = self.from_version if self.action == "withdrawn" else self.to_version
        return (number, self.version_created) == (version.version, version.created)


def this_person() -> str:
    """Whoever runs a command, as the system calls them."""
    try:
        return f"{getpass.getuser()}@cli"
    except (KeyError, OSError):  # a container may run as a number that nobody has
        return f"{os.getuid()}@cli"


def append(settings: Settings, *entries: Entry) -> None:
    """Adds entries at the end, all or none."""
    rows = [{**asdict(one), "by_whom": one.by_whom[:MOST_NAME], "reason": one.reason[:MOST_REASON]} for one in entries]
    with engine_for(settings, "CLEAN_DATA").begin() as connection:
        connection.execute(insert(promotions), rows)


def entries(settings: Settings, model: str) -> list[Entry]:
    """All entries of a model, the oldest first."""
    columns = [promotions.c[name] for name in Entry.__dataclass_fields__]
    mine = select(*columns).where(promotions.c.model == model)
    with engine_for(settings, "CLEAN_DATA").connect() as connection:
        found = connection.execute(mine.order_by(promotions.c.happened_at, promotions.c.promotion_id))
        return [Entry(**row) for row in found.mappings()]


def last_live(found: Iterable[Entry], at: datetime | None = None) -> Entry | None:
    """The entry that put in production what was live at a moment (UTC, without a zone), or is now; None before any."""
    live = [one for one in found if one.live and (at is None or one.happened_at <= at)]
    return live[-1] if live else None


def next_moment(found: Sequence[Entry]) -> datetime:
    """The present moment, or where a clock was put back, the first after the last entry."""
    last = max((one.happened_at for one in found), default=datetime.min)
    return max(now(), last + timedelta(microseconds=1))
