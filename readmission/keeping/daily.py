"""Deletes predictions that are too old, every day, for as long as the process lives."""

import logging
import time
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from connections.failures import words
from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.keeping import forgetting

logger = logging.getLogger(__name__)

# How often it shows that it lives, by the file below STATE_DIR, and tries again what failed.
LOOK_SECONDS = 600.0
ALIVE = "keeper/alive"
DAY_SECONDS = 24 * 3600.0


def every_day_from_now_on(settings: Settings) -> NoReturn:
    """Does it at once, and again a day after it went well."""
    alive, due = settings.state_dir / ALIVE, time.monotonic()
    alive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        alive.touch()
        if time.monotonic() >= due and done(settings):
            due = time.monotonic() + DAY_SECONDS
        time.sleep(LOOK_SECONDS)


def done(settings: Settings) -> bool:
    """Whether it went well; else the log says why."""
    try:
        forgetting.expire(settings)
    except (SQLAlchemyError, ReadmissionError) as error:
        logger.warning("what is too old is not deleted yet, and tried again soon: %s", words(error))
        return False
    return True
