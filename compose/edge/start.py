"""Starts Caddy under the names of this machine, on the container's address that Docker publishes and on no other.

The inner networks, by which Caddy reaches the services, do not reach it: whoever got hold of one service sees no more
of the others than before.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from connections.addresses import EVERY_ADDRESS, bare, host_names, in_url, is_address, outward_addresses

# The ports of the services in their containers, which are Caddy's too.
PORTS = (5000, 8000, 8080, 8501, 9001)
# A certificate of the hospital's own, where the settings name one: the first container puts it here.
CERTIFICATE, KEY = Path("/tls/certificate.pem"), Path("/tls/key.pem")


def hosts(environment: Mapping[str, str]) -> list[str]:
    """Every name and address that is answered to: PUBLIC_HOST, OTHER_HOSTS and BIND_ADDRESS."""
    given = (environment.get(name, "") for name in ("PUBLIC_HOST", "OTHER_HOSTS", "BIND_ADDRESS"))
    return list(
        dict.fromkeys(name for value in given if bare(value) not in EVERY_ADDRESS for name in host_names(value))
    )


def settings(environment: Mapping[str, str], own_certificate: bool, address: str) -> dict[str, str]:
    """What the Caddyfile has in its blanks.

    Args:
        environment: The three settings that `hosts` reads.
        own_certificate: Whether there is a certificate, so that no authority of Caddy's own is needed.
        address: Where it listens.
    """
    known = hosts(environment)
    sites = {f"EDGE_{port}": ", ".join(f"https://{in_url(host)}:{port}" for host in known) for port in PORTS}
    return sites | {
        "EDGE_ADDRESS": address,
        "EDGE_WITHOUT_A_NAME": next((host for host in known if is_address(host)), known[0]),
        "EDGE_TLS": f"{CERTIFICATE} {KEY}" if own_certificate else "internal",
    }


def main() -> None:
    """Becomes Caddy."""
    os.environ |= settings(os.environ, CERTIFICATE.exists(), outward_addresses()[0])
    os.execvp("caddy", ("caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"))


if __name__ == "__main__":
    main()
