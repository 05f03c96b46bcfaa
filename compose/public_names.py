"""Prints, as commands of the shell, the names of this machine that .env leaves open and its services are reached by.

`make up` runs it with any Python 3, since what runs in a container cannot know what the machine around it is called.
"""

import shlex
import subprocess
import sys
from collections.abc import Mapping

from connections.addresses import bare, in_url, is_loopback, names, shown


def unset(settings: Mapping[str, str]) -> dict[str, str]:
    """PUBLIC_HOST, and OTHER_HOSTS for what more this machine is called, where services are open to others."""
    bind_address = bare(settings.get("BIND_ADDRESS", "")) or "127.0.0.1"
    if is_loopback(bind_address):
        return {}
    found = {
        "PUBLIC_HOST": in_url(shown(bind_address, None)),
        "OTHER_HOSTS": ",".join(name for name in names(bind_address, None) if not is_loopback(name)),
    }
    return {name: value for name, value in found.items() if not settings.get(name)}


def main() -> None:
    """Reads what Compose reads: the shell's environment and .env."""
    command = ("docker", "compose", "config", "--environment")
    asked = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    found = unset(dict(line.split("=", 1) for line in asked if "=" in line))
    sys.stdout.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())


if __name__ == "__main__":
    main()
