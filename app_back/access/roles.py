"""What each route asks of whoever calls it, said once: for the check, and for what OpenAPI tells."""

from connections.api_keys import ROLES

# Without a key: what orchestrators probe, which tells no values, and what the public repository tells as well.
OPEN = frozenset(
    ("/", "/health", "/health/live", "/health/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json")
)
# The documentation's own scripts and styles.
OPEN_BELOW = "/static-offline-docs/"
# The least role of each path. Figures tell nothing of a patient: what collects them needs no right to read any.
NEEDED = {
    "/predict": "predict",
    "/explain": "predict",
    "/what-if": "predict",
    "/predict/batch": "predict",
    "/model": "predict",
    "/model/card": "predict",
    "/metrics": "predict",
    "/predictions": "read",
}
# Of a path that nobody declared: a key, whose holder is then told that there is no such path.
_OTHERS = ROLES[0]
RANK = {role: rank for rank, role in enumerate(ROLES)}


def needed(path: str) -> str | None:
    """The least role that a path asks for, or None where it is open."""
    role = NEEDED.get(path)
    if role is not None:
        return role
    return None if path in OPEN or path.startswith(OPEN_BELOW) else _OTHERS


def declared(path: str) -> str:
    """A path as logs and figures may tell it: one that nobody declared may hold anything."""
    return path if path in NEEDED or path in OPEN else "other"
