"""Makes Airflow's tables and accounts in a new database, and serves its API.

A program of its own, since Airflow reads its environment when it is imported. The arguments: a port, and a file that is
written once what was made can be told: how the admin was made, and the routes that the API has.
"""

import json
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from airflow.api_fastapi.app import cached_app
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import initdb
from fastapi.routing import APIRoute
from sqlalchemy import Engine, event
from starlette.routing import BaseRoute, Mount

from connections.settings import get_settings
from readmission.airflow_login import admin

PEOPLE = ("Viewer", "User")


def accounts() -> list[str]:
    """Makes the admin as `airflow-init` does, and somebody of each role; says what became of the admin each time."""
    settings = get_settings()
    name, password = settings.airflow_admin_user, settings.airflow_admin_password.get_secret_value()
    with get_application_builder() as builder:
        said = [admin.ensure(builder.sm, name, word) for word in ("a-former-password", password, password)]
        user = builder.sm.find_user(name)
        user.active, user.roles = False, []
        builder.sm.update_user(user)
        said.append(admin.ensure(builder.sm, name, password))
        builder.sm.sync_roles()
        for role in PEOPLE:
            builder.sm.add_user(role, role, role, f"{role}@localhost", builder.sm.find_role(role), password)
    return said


def routes(of: list[BaseRoute], below: str = "") -> Iterator[tuple[str, str]]:
    """The method and path of everything that the API answers to, whether it is documented or not."""
    for route in of:
        if isinstance(route, Mount):
            yield from routes(list(route.routes), below + route.path)
        elif isinstance(route, APIRoute):
            yield from ((method, below + route.path) for method in route.methods)


def secure_cookie(base_url: str) -> bool:
    """Whether the session is for TLS alone where people come by this address."""
    os.environ["AIRFLOW__API__BASE_URL"] = base_url
    return bool(runpy.run_path(os.environ["AIRFLOW__FAB__CONFIG_FILE"])["SESSION_COOKIE_SECURE"])


def main(port: int, told: Path) -> None:
    """Serves until it is ended; what it makes need not outlive the machine."""
    event.listen(Engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    address = os.environ["AIRFLOW__API__BASE_URL"]
    cookies = {each: secure_cookie(each) for each in ("https://airflow.corp", address)}
    initdb()
    said = accounts()
    app = cached_app()
    told.write_text(json.dumps({"admin": said, "routes": list(routes(app.routes)), "secure": cookies}))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
