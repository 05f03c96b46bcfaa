"""Pings this container's Celery worker through the broker: `celery inspect` would load all of Airflow to do the same.

The broker's address is read from the standard input, so that its password is in no process list.
"""

import socket
import sys

from celery import Celery


def main() -> int:
    """Returns 0 if the worker answers within 5 seconds."""
    worker = f"celery@{socket.gethostname()}"
    app = Celery(broker=sys.stdin.read().strip())
    return 0 if app.control.ping(destination=[worker], timeout=5, limit=1) else 1


if __name__ == "__main__":
    sys.exit(main())
