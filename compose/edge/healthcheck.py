"""Asks Caddy over TLS under a name that is nobody's: it refuses that by itself, whatever services are away."""

import http.client
import ssl
import sys

from start import PORTS  # type: ignore[import-not-found]  # it lies beside this file

from connections.addresses import outward_addresses

REFUSED = 421
# As compose/health.sh reads it: Caddy answers, and otherwise than it should.
FAILS = 2


def main() -> None:
    """Raises, and so exits with 1, where a port does not answer, and exits with 2 where one does not refuse."""
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE  # it talks to itself
    for port in PORTS:
        asked = http.client.HTTPSConnection(outward_addresses()[0], port, timeout=4, context=anybody)
        asked.request("GET", "/health-check", headers={"Host": "nobody.invalid"})
        if (status := asked.getresponse().status) != REFUSED:
            sys.stderr.write(f"port {port}: {status} in the place of {REFUSED}\n")
            sys.exit(FAILS)
        asked.close()


if __name__ == "__main__":
    main()
