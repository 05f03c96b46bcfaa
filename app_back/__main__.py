"""Serves the application: `python -m app_back [--host ADDRESS] [--port PORT]`."""

import os
import tempfile
from argparse import ArgumentParser
from typing import Any

import uvicorn

from app_back.http_protocol import IDLE_SECONDS, PatientProtocol
from app_back.metrics import SHARED_FOLDER
from connections.setting_rules import without_login
from connections.settings import settings_or_exit

STOP_SECONDS = 25
# How connections are served; the benchmark's floor is served in the same way.
SERVER: dict[str, Any] = {
    "server_header": False,
    "proxy_headers": False,
    "http": PatientProtocol,
    "ws": "none",
    "log_config": None,
    "access_log": False,
    "timeout_keep_alive": IDLE_SECONDS,
    "timeout_graceful_shutdown": STOP_SECONDS,
}


def main() -> None:
    """Runs until it is told to end, and answers by then what it has accepted."""
    parser = ArgumentParser(prog="python -m app_back", description="The prediction service.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--published-on", help="the address at which others reach it, where that is not --host")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes (development)")
    asked = parser.parse_args()
    settings = settings_or_exit()
    if wrong := without_login({"API_AUTH": settings.api_auth}, asked.published_on or asked.host):
        raise SystemExit(wrong[0])
    workers = settings.api_workers
    if workers > 1:
        os.environ.setdefault(SHARED_FOLDER, tempfile.mkdtemp(prefix="readmission-metrics-"))
    uvicorn.run(
        "app_back.main:create_app",
        factory=True,
        host=asked.host,
        port=asked.port,
        workers=None if asked.reload else workers,
        reload=asked.reload,
        **SERVER,
    )


if __name__ == "__main__":
    main()
