"""Pings this container's Celery worker through the broker: `celery inspect` would load all of Airflow to do the same.

The broker's address is in the environment and in no process list, since its password is in it.
"""

import os
import socket
import sys
from urllib.parse import urlsplit

from celery import Celery
from redis import Redis, RedisError

# As compose/health.sh reads them.
WORKS, SILENT, FAILS = 0, 1, 2
_SECONDS = 4


def main() -> int:
    """Whether the worker answers; a broker that does not is no fault of the worker's."""
    broker = os.environ["AIRFLOW__CELERY__BROKER_URL"]
    try:
        Redis.from_url(broker, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS).ping()
    except (OSError, RedisError) as error:
        sys.stderr.write(f"{urlsplit(broker).hostname}, the broker, does not answer: {type(error).__name__}\n")
        return FAILS
    worker = f"celery@{socket.gethostname()}"
    return WORKS if Celery(broker=broker).control.ping(destination=[worker], timeout=5, limit=1) else SILENT


if __name__ == "__main__":
    sys.exit(main())
