"""What a process is given beside its settings: what it needs of the machine, and what keeps its libraries quiet."""

import os
import pwd
import tempfile
from collections.abc import Iterable

from connections import proxies
from connections.settings.places import ENV_FILE

# What a process needs of the machine it runs on, whatever its settings are.
_OF_THE_MACHINE = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "COVERAGE_PROCESS_CONFIG",    # set while `make coverage` measures, so that it sees what the platform starts
)  # fmt: skip

# ONNX Runtime (since 1.29) and MLflow report to their makers unless they are told not to before they are imported.
NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


# What a process writes is for its owner alone, whatever the shell's umask is: patients, models and secrets.
OWNER_ALONE = 0o077


def prepare_process() -> None:
    """Keeps the libraries that this process is about to import from reporting to their makers, and from asking for the
    name and home of a user who has none; and other users from what it writes."""
    os.umask(OWNER_ALONE)
    os.environ.update(NO_TELEMETRY | _nameless_user())


def _nameless_user() -> dict[str, str]:
    """What libraries ask the system for, where the user is a number without a name, as in a container."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        name = os.environ.get("USER") or f"uid-{os.getuid()}"
        home = os.environ.get("HOME") or tempfile.gettempdir()
        return {"HOME": home, "USER": name, "LOGNAME": name}
    return {}


def machine_environment(own_hosts: Iterable[str] = ()) -> dict[str, str]:
    """The part of this process's environment that any process on this machine needs.

    Its calls to loopback and to `own_hosts` go past proxies.
    """
    found = {name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ}
    return found | proxies.past_proxies(own_hosts) | {ENV_FILE: ""} | NO_TELEMETRY | _nameless_user()
