"""The keys of the service that these tests ask, and how they ask it."""

import httpx

from connections.api_keys import new_key

KEYS = {role: new_key() for role in ("predict", "read", "admin")}


def status(http: httpx.Client, method: str, path: str, **headers: str) -> int:
    """What a request is answered with: 422 or 503 where it was let in and could not be served."""
    return http.request(method, path, headers=headers).status_code
