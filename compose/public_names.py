"""Prints, as commands of the shell, the names of this machine that .env leaves open and its services are reached by.

Beside them, what has these reached over TLS.

`make up` runs it with any Python 3, since what runs in a container cannot know what the machine around it is called.
"""

import shlex
import subprocess
import sys
from collections.abc import Mapping

from connections.addresses import bare, in_url, is_loopback, names, shown
from connections.open_to_others import PROFILE, needs_tls


def unset(settings: Mapping[str, str]) -> dict[str, str]:
    """What an address other than loopback's plain one needs beside it.

    PUBLIC_HOST, and OTHER_HOSTS for what more this machine is called; TLS; and the one address of this machine that
    0.0.0.0 stands for.
    """
    bind_address = settings.get("BIND_ADDRESS", "")
    if not needs_tls(bind_address):
        return {}
    one = in_url(shown(bare(bind_address), None))
    others = (name for name in names(bare(bind_address), None) if not is_loopback(name))
    profiles = [name for name in settings.get("COMPOSE_PROFILES", "").split(",") if name not in ("", PROFILE)]
    needed = {"BIND_ADDRESS": one, "COMPOSE_PROFILES": ",".join([*profiles, PROFILE]), "PUBLIC_SCHEME": "https"}
    found = {"PUBLIC_HOST": one, "OTHER_HOSTS": ",".join(others)}
    return needed | {name: value for name, value in found.items() if not settings.get(name)}


def main() -> None:
    """Reads what Compose reads: the shell's environment and .env."""
    command = ("docker", "compose", "config", "--environment")
    asked = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    found = unset(dict(line.split("=", 1) for line in asked if "=" in line))
    sys.stdout.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())


if __name__ == "__main__":
    main()
