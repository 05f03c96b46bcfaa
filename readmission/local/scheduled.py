"""Makes a backup of the embedded platform whenever one is due, for as long as the process lives."""

import logging
import time
from typing import NoReturn

from connections import kept_backups
from connections.settings import Settings
from readmission.errors import ReadmissionError
from readmission.local import backup

logger = logging.getLogger(__name__)

# How often it looks, and shows that it lives, by the file below STATE_DIR.
LOOK_SECONDS = 600.0
ALIVE = "backup/alive"


def for_ever(settings: Settings) -> NoReturn:
    """Looks each ten minutes whether the newest backup is older than BACKUP_EVERY_HOURS."""
    alive = settings.state_dir / ALIVE
    alive.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        alive.touch()
        done(settings)
        time.sleep(LOOK_SECONDS)


def done(settings: Settings) -> bool:
    """Whether a backup is there that is young enough, made now where it was due; else the log says why, and so does
    `make status`."""
    if not kept_backups.is_due(settings.backups, backup.KIND, settings.backup_every_hours):
        return True
    try:
        phrase = backup.passphrase(settings.backup_passphrase_file, ask=False)
        logger.info("saved: %s", backup.save(settings, settings.backups, phrase, settings.backup_keep))
    except (ReadmissionError, OSError) as error:
        kept_backups.record(settings.backups, backup.KIND, str(error))
        logger.error("the backup failed, and is tried again in ten minutes: %s", error)
        return False
    return True
