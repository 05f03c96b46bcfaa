"""What the platform uses of MLflow, and who may ask for it; nothing else of MLflow's server is reached by anybody.

MLflow's API is far larger than what a registry of forests needs: webhooks, a gateway, jobs, traces and prompts make a
server call or write elsewhere. A part that a new release of MLflow brings is closed until it gets its line here.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from urllib.parse import parse_qsl


class Level(IntEnum):
    """What an account may do; each level includes those below it. OPEN is for everybody, without an account."""

    OPEN = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


_ID = "[^/]+"
_REST = r"/(?:ajax-)?api/[23]\.0/mlflow/"
_FILES = r"/(?:ajax-)?api/2\.0/mlflow-artifacts/artifacts"

_PLACES: tuple[tuple[Level, str, str], ...] = (
    (Level.OPEN, "GET", "/health"),
    (Level.READ, "GET", "/(?:static-files/.+|version|get-artifact|model-versions/get-artifact)?"),
    (Level.READ, "GET", f"{_FILES}(?:/.+)?"),
    (Level.READ, "POST", "/graphql"),
    (Level.READ, "GET", f"{_REST}(?:server-info|users/current|users/current/permissions)"),
    (Level.READ, "GET", f"{_REST}(?:experiments/(?:get|get-by-name|search)|runs/get|artifacts/list)"),
    (Level.READ, "GET", f"{_REST}metrics/get-history(?:-bulk|-bulk-interval)?"),
    (Level.READ, "GET", f"{_REST}registered-models/(?:get|search|alias|get-latest-versions)"),
    (Level.READ, "GET", f"{_REST}model-versions/(?:get|search|get-download-uri)"),
    (Level.READ, "GET", f"{_REST}logged-models/{_ID}(?:/artifacts/(?:directories|files))?"),
    (Level.READ, "POST", f"{_REST}(?:experiments|runs|logged-models)/search"),
    (Level.READ, "POST", f"{_REST}(?:experiments/search-datasets|registered-models/get-latest-versions)"),
    (Level.WRITE, "PUT", f"{_FILES}/.+"),
    (Level.WRITE, "POST", f"{_REST}experiments/(?:create|restore|update|set-experiment-tag)"),
    (Level.WRITE, "POST", f"{_REST}runs/(?:create|update|set-tag|log-(?:batch|inputs|metric|model|parameter)|outputs)"),
    (Level.WRITE, "POST", f"{_REST}logged-models(?:/{_ID}/params)?"),
    (Level.WRITE, "PATCH", f"{_REST}logged-models/{_ID}(?:/tags)?"),
    (Level.WRITE, "POST", f"{_REST}registered-models/(?:create|alias|set-tag)"),
    (Level.WRITE, "POST", f"{_REST}model-versions/(?:create|set-tag|transition-stage)"),
    (Level.WRITE, "PATCH", f"{_REST}(?:registered-models|model-versions)/update"),
    (Level.ADMIN, "DELETE", f"{_FILES}/.+"),
    (Level.ADMIN, "POST", f"{_REST}experiments/(?:delete|delete-experiment-tag)"),
    (Level.ADMIN, "POST", f"{_REST}runs/(?:delete|restore|delete-tag)"),
    (Level.ADMIN, "DELETE", f"{_REST}logged-models/{_ID}(?:/tags/{_ID})?"),
    (Level.ADMIN, "DELETE", f"{_REST}registered-models/(?:delete|delete-tag|alias)"),
    (Level.ADMIN, "POST", f"{_REST}registered-models/rename"),
    (Level.ADMIN, "DELETE", f"{_REST}model-versions/(?:delete|delete-tag)"),
    (Level.ADMIN, "GET", f"{_REST}(?:users/(?:get|list)|users/roles/list|roles/list)"),
    (Level.ADMIN, "POST", f"{_REST}(?:users/create|roles/assign|roles/unassign)"),
    (Level.ADMIN, "PATCH", f"{_REST}users/(?:update-password|update-admin)"),
    (Level.ADMIN, "DELETE", f"{_REST}(?:users/delete|roles/unassign)"),
)
_COMPILED = tuple((level, method, re.compile(pattern)) for level, method, pattern in _PLACES)
_WITH_FILES = re.compile(f"{_FILES}/(.*)", re.DOTALL)
# What a path of an artifact has no use for: MLflow decodes what is left of an escape again and again.
_STRANGE = re.compile(r"[\\%\x00-\x1f\x7f]")


def level_of(method: str, path: str) -> Level | None:
    """Who may ask for a path (without escapes), or None where nobody may."""
    asked = "GET" if method == "HEAD" else method
    return next((level for level, known, pattern in _COMPILED if known == asked and pattern.fullmatch(path)), None)


def stays_inside(path: str, query: str) -> bool:
    """Whether what a request names of files lies in the server's own artifacts: no `..`, no absolute path."""
    named = [value for key, value in parse_qsl(query, keep_blank_values=True) if key.lower().endswith("path")]
    if match := _WITH_FILES.fullmatch(path):
        named.append(match[1])
    return all(map(_is_inside, filter(None, named)))


def _is_inside(path: str) -> bool:
    return not _STRANGE.search(path) and not _leads_out(path.removesuffix("/").split("/"))


def _leads_out(parts: Iterable[str]) -> bool:
    return any(part in ("", ".", "..") for part in parts)
