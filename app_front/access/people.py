"""Who came from the identity provider, as its signed answer says, and whether the form is for them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# What a provider says of an address that it has not looked at.
_UNVERIFIED = (False, "false")


def email(claims: Mapping[str, Any]) -> str:
    """The person's e-mail address in lower case; empty where the provider gives none, or does not vouch for it."""
    given = claims.get("email")
    if not isinstance(given, str) or claims.get("email_verified", True) in _UNVERIFIED:
        return ""
    return given.strip().lower()


def is_allowed(claims: Mapping[str, Any], allowed: str) -> bool:
    """Whether a person may use the form: by address, or by its domain, which is none of the domains below it."""
    address = email(claims)
    name, at, domain = address.rpartition("@")
    those = {one.strip().lower() for one in allowed.split(",") if one.strip()}
    return bool(name and at and domain) and not those.isdisjoint((address, domain))


def log_in_of(claims: Mapping[str, Any]) -> str:
    """The name of one log-in of a person: another each time, since the provider's answer is."""
    return hashlib.sha256(json.dumps(claims, sort_keys=True, default=str).encode()).hexdigest()


def logged_in_at(claims: Mapping[str, Any]) -> float:
    """When the person proved who they are, in seconds since 1970, as the provider says; long ago where it does not.

    A provider that asked for nothing, since it knew the browser, may say that this was earlier (`auth_time`).
    """
    said = claims.get("auth_time", claims.get("iat"))
    return float(said) if isinstance(said, int | float) else 0.0
