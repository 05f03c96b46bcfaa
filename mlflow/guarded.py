"""MLflow's application with its login, the platform's accounts in it, and the guard before it.

Importing this reads MLflow's settings from the environment, where `serve` puts them.
"""

from collections.abc import Mapping
from pathlib import Path

import accounts
import locations
import missing
import mlflow.server
from guard import Guard
from logins import Logins
from mlflow.server import auth, fastapi_security, handlers
from starlette.types import ASGIApp

from connections.throttle import Throttle

LOG_LINES = str(Path(mlflow.server.__file__).with_name("uvicorn_log_config.yaml"))


def application(passwords: Mapping[str, str]) -> ASGIApp:
    """The application, once the tables and the platform's accounts, by name, are there."""
    handlers.initialize_backend_stores()
    locations.keep(mlflow.server.app)
    missing.tell(mlflow.server.app)
    app = auth.create_app(mlflow.server.app)
    accounts.make(auth.store, passwords)
    guarded = Guard(app, Logins(auth.store, Throttle()))
    # Before the guard too, so that a page of somebody's learns nothing of the accounts.
    known_pages = fastapi_security.CORSBlockingMiddleware(guarded, fastapi_security.get_allowed_origins())
    return fastapi_security.HostValidationMiddleware(known_pages, fastapi_security.get_allowed_hosts())
