"""MLflow's server as the platform runs it: behind a login, and answering under its own names alone.

Who asks under another name gets 403: the check of Host and Origin headers is what keeps a web page of somebody's from
using a person's browser to reach the runs and models.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping

import uvicorn

from connections.addresses import EVERY_ADDRESS, LOOPBACK, bare, host_names, mlflow_protection

# What the other services call it.
SERVICE = "mlflow"
# The accounts have a file of their own: MLflow's migrations of their tables fail on MySQL, where they wait for
# themselves and then give two foreign keys one name (1826).
_LOGIN = """\
[mlflow]
default_permission = READ
database_uri = sqlite:///{accounts}
admin_username = admin
# A password is hashed once an hour, and not at each request; a change of it through the server counts at once.
auth_cache_ttl_seconds = 3600
"""


def protection(environment: Mapping[str, str]) -> dict[str, str]:
    """MLflow's own variables, from PUBLIC_HOST, OTHER_HOSTS, BIND_ADDRESS and the ports that it is reached at."""
    given = ("PUBLIC_HOST", "OTHER_HOSTS", "BIND_ADDRESS")
    hosts = [name for key in given for name in _names(environment.get(key, ""))]
    ports = {int(environment[name]) for name in ("MLFLOW_PORT", "PUBLISHED_PORT") if environment.get(name)}
    return mlflow_protection(dict.fromkeys((SERVICE, *LOOPBACK, *hosts)), ports)


def _names(value: str) -> tuple[str, ...]:
    return () if bare(value) in EVERY_ADDRESS else host_names(value)


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """The passwords of the platform's accounts, by account.

    Raises:
        SystemExit: one is not set.
    """
    names = {account: f"MLFLOW_{account.upper()}_PASSWORD" for account in ("admin", "pipeline", "api")}
    if missing := [name for name in names.values() if not environment.get(name)]:
        raise SystemExit(f"not set: {', '.join(missing)}; run `make env`, which writes .env")
    return {account: environment[name] for account, name in names.items()}


def of_the_server(environment: Mapping[str, str]) -> dict[str, str]:
    """What `mlflow server` gives the process that answers."""
    return {
        "_MLFLOW_SGI_NAME": "uvicorn",
        "_MLFLOW_SERVER_FILE_STORE": environment["MLFLOW_BACKEND_STORE_URI"],
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": environment["MLFLOW_ARTIFACTS_DESTINATION"],
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_AUTH_ADMIN_PASSWORD": environment["MLFLOW_ADMIN_PASSWORD"],
        # Of a form that nobody reaches: accounts are made by the admin.
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(),
    }


def main() -> None:
    """Serves until it is told to end."""
    own = passwords(os.environ)
    os.umask(0o077)
    os.environ |= {**protection(os.environ), **os.environ, **of_the_server(os.environ)}
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as login:
        login.write(_LOGIN.format(accounts=os.environ["MLFLOW_ACCOUNTS_FILE"].replace("%", "%%")))
        login.flush()
        os.environ["MLFLOW_AUTH_CONFIG_PATH"] = login.name
        # MLflow reads its settings when it is imported.
        from migrate import migrate

        migrate(os.environ["MLFLOW_BACKEND_STORE_URI"])
        from guarded import LOG_LINES, application
    app = application(own)
    host, port = os.environ.get("MLFLOW_HOST", "127.0.0.1"), int(os.environ["MLFLOW_PORT"])
    # The address that a login is tried from is the peer's, whatever a header says.
    uvicorn.run(app, host=host, port=port, log_config=LOG_LINES, proxy_headers=False, server_header=False)


if __name__ == "__main__":
    main()
