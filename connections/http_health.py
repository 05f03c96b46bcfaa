"""Asks a server of this container whether it answers, and then whether it works; the codes are compose/health.sh's.

python -m connections.http_health http://127.0.0.1:8000 /health/live /health
"""

import sys
from collections.abc import Iterable
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

WORKS, SILENT, FAILS = 0, 1, 2
# Together less than what health.sh waits for them.
_SECONDS = 4
# A container may be given proxies, which are for the internet.
past_proxies = build_opener(ProxyHandler({}))


def code(alive: Request, works: Iterable[Request]) -> int:
    """What the answers say.

    Args:
        alive: Is answered at once, whatever the server needs of others is away.
        works: Are answered 200 where the server does what it is for.
    """
    try:
        past_proxies.open(alive, timeout=_SECONDS).close()
    except HTTPError as refusal:
        refusal.close()  # any answer is life
    except (OSError, HTTPException):
        return SILENT
    try:
        for request in works:
            with past_proxies.open(request, timeout=_SECONDS) as answer:
                answer.read()
    except (OSError, HTTPException) as error:
        sys.stderr.write(f"{error}\n")
        return FAILS
    return WORKS


if __name__ == "__main__":
    server, first, *others = sys.argv[1:]
    sys.exit(code(Request(server + first), [Request(server + path) for path in others]))
