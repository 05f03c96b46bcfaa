"""What OpenAPI tells of keys: how they are sent, which routes ask for one, and how a refusal looks."""

from typing import Any

from app_back import examples
from app_back.access.refusals import HostError, KeyMissingError, LimitError, RoleError
from app_back.access.roles import needed

SCHEMES: dict[str, dict[str, str]] = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
_ANY_SCHEME: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
LIMITED = {"error": {"code": LimitError.code, "message": LimitError("ward-7", 600, 1).message}}
_HOST = {"error": {"code": HostError.code, "message": HostError().message}}


def with_security(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, in which each route says whether it asks for a key."""
    schema.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if needed(path) is None else _ANY_SCHEME
    return schema


def refusals(path: str) -> examples.Responses:
    """The documented refusals of a route: those of `Access.check`, but for 429, which routes have of their own."""
    role = needed(path)
    if role is None:
        return examples.errors(403, "The host is not this service's.", unknown_host=_HOST)
    forbidden = {"error": {"code": RoleError.code, "message": RoleError("ward-7", "none", role).message}}
    key = {"error": {"code": KeyMissingError.code, "message": KeyMissingError(sent=False).message}}
    return examples.errors(401, "The API key is missing or not known.", no_key=key) | examples.errors(
        403, f"The key's role is less than `{role}`, or the host is not this service's.", forbidden=forbidden,
        unknown_host=_HOST,
    )  # fmt: skip
