"""Log lines as JSON, one a line, for what collects logs."""

import logging
from datetime import UTC, datetime
from typing import Any

from msgspec import json

from connections.failures import keep_values_out

# What every record has; anything else was given with it as `extra`.
_OF_EVERY_RECORD = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """A record as a JSON object: time (UTC), level, logger, message, what was given as `extra`, and a traceback.

    That is the one of `keep_values_out`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
        if record.exc_text:
            told["traceback"] = record.exc_text
        return json.encode(told, enc_hook=str).decode()


def configure(level: str) -> None:
    """Sends every log line of the process to its standard error, as JSON."""
    keep_values_out()
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        its_own = logging.getLogger(name)
        its_own.handlers.clear()
        its_own.propagate = True
    # A line a group of predictions, and one for each request that failed, tell more and cost less.
    logging.getLogger("uvicorn.access").propagate = False
