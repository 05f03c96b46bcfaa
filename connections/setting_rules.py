"""What a setting may hold, said once: for the settings themselves and for what runs before anything is installed.

Standard library alone, under any Python 3. A setting without a rule is a text that may be anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from connections.addresses import EVERY_ADDRESS, bare, host_names, is_loopback

PLACEHOLDER = "changethis"
EMBEDDED_PORTS = ("AIRFLOW_PORT", "API_PORT", "FORM_PORT", "MLFLOW_PORT")
# With `off`, each lets in whoever can connect, and so is for this machine alone; what closes it.
LOGINS = {"API_AUTH": "on", "FORM_AUTH": "password"}
# What `conflicts` looks at.
TOGETHER = (*EMBEDDED_PORTS, "PORT_OFFSET", *LOGINS, "BIND_ADDRESS", "MODEL_ALIAS", "SHADOW_ALIAS")
# What the form needs to ask who is there, by how it asks.
OF_THE_LOGIN = {
    "password": ("FORM_PASSWORD",),
    "oidc": (
        "FORM_OIDC_METADATA_URL", "FORM_OIDC_CLIENT_ID", "FORM_OIDC_CLIENT_SECRET", "FORM_OIDC_ALLOWED",
        "FORM_COOKIE_SECRET",
    ),
}  # fmt: skip
HIGHEST_PORT = 65_535

_SECRET = re.compile(r"(PASSWORD|SECRET|KEY|KEY_ID)$")


class Rule(NamedTuple):
    """Whether a value may stand in a setting, and what may, in words."""

    allowed: str
    accepts: Callable[[str], bool]


def _whole(least: int, most: int | None = None) -> Rule:
    bounds = f"from {least:,} to {most:,}" if most is not None else f"of {least:,} or more"
    return Rule(
        f"a whole number {bounds}",
        lambda value: (
            re.fullmatch(r"[+-]?[0-9]{1,12}", value) is not None
            and least <= int(value) <= (int(value) if most is None else most)
        ),
    )


def _seconds(value: str) -> bool:
    try:
        return 0 < float(value) < 1e9
    except ValueError:
        return False


def _log_wait(value: str) -> bool:
    return _seconds(value) and 0.1 <= float(value) <= 60


def _batch(value: str) -> bool:
    return _seconds(value) and 1 <= float(value) <= 600


def _session_minutes(value: str) -> bool:
    return _seconds(value) and 0.05 <= float(value) <= 1_440


def _session_hours(value: str) -> bool:
    return _seconds(value) and 0.01 <= float(value) <= 168


def _share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False


def _matching(pattern: str, allowed: str) -> Rule:
    return Rule(allowed, lambda value: re.fullmatch(pattern, value) is not None)


def _has_host(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_web_address(value: str) -> bool:
    return value.lower().startswith(("http://", "https://")) and _has_host(value)


def _is_provider(value: str) -> bool:
    """Who answers in a provider's place says who is let in: it must be TLS, but on this machine."""
    if not _is_web_address(value):
        return False
    return value.lower().startswith("https://") or is_loopback(urlsplit(value).hostname or "")


def _is_page(value: str) -> bool:
    return _is_web_address(value) and re.fullmatch(r"/?", urlsplit(value).path + urlsplit(value).query) is not None


def _are_people(value: str) -> bool:
    """E-mail addresses, and domains that have a dot: neither a top-level domain nor everybody."""
    return all(re.fullmatch(r"(?:[^@\s,]+@)?(?:[\w-]+\.)+[\w-]{2,}", one.strip()) for one in value.split(","))


def _is_database(value: str) -> bool:
    if value.startswith("sqlite:///"):
        folder = Path(value[len("sqlite:///") :])
        return folder.is_absolute() and not folder.is_file()
    return value.startswith(("mysql+pymysql://", "mysql://")) and _has_host(value)


def _are_hosts(value: str) -> bool:
    try:
        return bool(host_names(value))
    except ValueError:
        return False


def _is_host(value: str) -> bool:
    return "," not in value and _are_hosts(value)


def _can_be_bound(value: str) -> bool:
    return bare(value) in EVERY_ADDRESS or _is_host(value)


def _are_fernet_keys(value: str) -> bool:
    """One, or while it is rotated the new one and the former."""
    try:
        keys = [base64.urlsafe_b64decode(key) for key in value.split(",")]
    except (ValueError, binascii.Error):
        return False
    return len(keys) <= 2 and all(len(key) == 32 for key in keys)


_LONG = Rule("12 characters or more", lambda value: len(value) >= 12)
_KEY_32 = r"[A-Za-z0-9_-]{43}="  # 32 bytes in URL-safe base64
_PORT = _whole(1, HIGHEST_PORT)
_WEB = Rule("an address that begins with http:// or https://", _is_web_address)
_ALIAS = _matching(r"(?!(?:latest|v\d+)$)[\w-]+", "letters, digits, _ and -, but neither latest nor v and a number")
_WITHOUT_MORE = "without http://, port, path or space"
_LEVELS = {level.lower(): level for level in ("DEBUG", "INFO", "WARNING", "ERROR")} | {"warn": "WARNING"}

RULES: dict[str, Rule] = {
    **dict.fromkeys((*EMBEDDED_PORTS, "MYSQL_PORT", "S3_PORT", "MINIO_CONSOLE_PORT"), _PORT),
    **dict.fromkeys(("MLFLOW_TRACKING_URI", "API_URL", "MLFLOW_S3_ENDPOINT_URL"), _WEB),
    "BIND_ADDRESS": Rule(f"a name or address of this machine, {_WITHOUT_MORE}", _can_be_bound),
    "PUBLIC_HOST": Rule(f"a name or address of a machine, {_WITHOUT_MORE}", _is_host),
    "OTHER_HOSTS": Rule(f"names or addresses of a machine with commas between, {_WITHOUT_MORE}", _are_hosts),
    "PUBLIC_SCHEME": _matching("https?", "http or https"),
    "PORT_OFFSET": _whole(0, 50_000),
    "AIRFLOW_ADMIN_USER": _matching(r"[\w.@+-]+", "letters, digits and _ . @ + -"),
    "AIRFLOW_FERNET_KEY": Rule("32 bytes in URL-safe base64; `make env` makes one where it is empty", _are_fernet_keys),
    **dict.fromkeys((f"MLFLOW_{account}_PASSWORD" for account in ("ADMIN", "PIPELINE", "API")), _LONG),
    "DATABASE_URL": Rule(
        "mysql+pymysql://user:password@host:3306, or sqlite:/// and the absolute path of a folder", _is_database
    ),
    "DATASET_SHA256": _matching(r"[0-9A-Fa-f]{64}", "the 64 hexadecimal digits of a SHA-256"),
    "DATASET_FETCH_SECONDS": Rule("a number of seconds above 0", _seconds),
    "LEAST_LOAD_SHARE": Rule("a share from 0 to 1", _share),
    "BACKUP_EVERY_HOURS": _whole(0, 8_760),
    "BACKUP_KEEP": _whole(1, 10_000),
    "PRUNE_KEEP_TRAININGS": _whole(1, 100_000),
    "PRUNE_AFTER_DAYS": _whole(1, 36_500),
    "RETENTION_DAYS": _whole(183, 36_500),
    "SYNTHETIC_ROWS": _whole(1_000),
    "TRAINING_JOBS": _whole(1),
    "AIRFLOW_WORKER_CONCURRENCY": _whole(1),
    "BUCKET": _matching(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "3 to 63 lower-case letters, digits, dots and hyphens"),
    "MODEL_NAME": _matching(r"[^/:]+", "a name without / and :"),
    **dict.fromkeys(("MODEL_ALIAS", "SHADOW_ALIAS"), _ALIAS),
    "MODEL_SIGNING_KEY": _matching(_KEY_32, "32 bytes in URL-safe base64; `make env` makes one where it is empty"),
    "MODEL_PUBLIC_KEYS": _matching(
        rf"{_KEY_32}(,{_KEY_32})*",
        "public keys in URL-safe base64 with commas between; `make env` adds that of the key",
    ),
    "ALLOW_EXTERNAL_PROMOTION": Rule("true or false", lambda value: value.lower() in ("true", "false")),
    "MODEL_POLL_SECONDS": Rule("a number of seconds above 0", _seconds),
    "API_WORKERS": _whole(1, 64),
    "QUEUE_LIMIT": _whole(1, 100_000),
    "BATCH_SECONDS": Rule("a number of seconds from 1 to 600", _batch),
    "LOG_WAIT_SECONDS": Rule("a number of seconds from 0.1 to 60", _log_wait),
    "JOURNAL_MAX_MB": _whole(1, 1_000_000),
    "API_AUTH": _matching("on|off", "on or off"),
    "FORM_AUTH": _matching("password|oidc|off", "password, oidc or off"),
    "FORM_PASSWORD": _LONG,
    "FORM_SESSION_MINUTES": Rule("a number of minutes from 0.05 to 1440", _session_minutes),
    "FORM_SESSION_HOURS": Rule("a number of hours from 0.01 to 168", _session_hours),
    "FORM_PUBLIC_URL": Rule("an address that begins with http:// or https://, without a path", _is_page),
    "FORM_OIDC_METADATA_URL": Rule(
        "an address that begins with https://, or http:// where the provider is on this machine", _is_provider
    ),
    "FORM_OIDC_ALLOWED": Rule(
        "e-mail addresses and domains with commas between: a@ward.example,b.example", _are_people
    ),
    "FORM_COOKIE_SECRET": Rule("32 characters or more", lambda value: len(value) >= 32),
    "API_KEY_REQUESTS_PER_MINUTE": _whole(0, 10_000_000),
    "LOG_LEVEL": Rule("DEBUG, INFO, WARNING or ERROR", lambda value: value.lower() in _LEVELS),
    "COMPOSE_PROJECT_NAME": _matching(r"[a-z0-9][a-z0-9_-]*", "lower-case letters, digits, _ and -"),
}


def log_level(value: str) -> str:
    """A level as Python's logging names it, whatever its case; what is no level stays."""
    return _LEVELS.get(value.lower(), value)


def problem(name: str, value: str) -> str | None:
    """What is wrong with a setting's value, and what is allowed; a secret is not repeated."""
    if PLACEHOLDER in value and (_SECRET.search(name) or name == "DATABASE_URL"):
        return f"still holds the placeholder {PLACEHOLDER!r}; run `make env` to generate secrets"
    rule = RULES.get(name)
    if rule is None or rule.accepts(value):
        return None
    return f"{_shown(name, value)} is not allowed; it takes {rule.allowed}"


def _shown(name: str, value: str) -> str:
    """A value as far as others may see it: of an address, which may hold a password, what it begins with."""
    if _SECRET.search(name):
        return "what it holds"
    scheme, separator, _ = value.partition("://")
    if separator and re.fullmatch(r"[A-Za-z0-9+.-]{1,20}", scheme):
        return f"{scheme}://…"
    return "what it holds" if "@" in value or name == "DATABASE_URL" else repr(value[:60])


def conflicts(values: Mapping[str, str]) -> list[str]:
    """What is wrong with settings taken together, each of which is valid by itself.

    A port beyond the last, two ports alike, a service without a login that others reach, a shadow that would answer.
    """
    offset = int(values.get("PORT_OFFSET") or 0)
    ports = {name: int(values[name]) for name in EMBEDDED_PORTS if values.get(name)}
    beyond = [
        f"PORT_OFFSET: {name} {port} + {offset} is beyond {HIGHEST_PORT:,}, the last port"
        for name, port in ports.items()
        if port + offset > HIGHEST_PORT
    ]
    pairs = [(one, other) for one, other in combinations(ports, 2) if ports[one] == ports[other]]
    alike = [f"{one} and {other}: both are {ports[one]}" for one, other in pairs]
    return beyond + alike + without_login(values, values.get("BIND_ADDRESS", "")) + answering_shadow(values)


def answering_shadow(values: Mapping[str, str]) -> list[str]:
    """What is wrong with a shadow that has the alias of the version that answers."""
    shadow = values.get("SHADOW_ALIAS")
    if not shadow or shadow not in (values.get("MODEL_ALIAS"), "production"):
        return []
    return [f"SHADOW_ALIAS: {shadow} is the alias of what answers; name that of another version, such as challenger"]


def without_login(values: Mapping[str, str], address: str) -> list[str]:
    """What is wrong with services that ask nobody who he is and listen there, one line for each of LOGINS."""
    if not address or is_loopback(bare(address)):
        return []
    return [
        f"{name}: off is for this machine alone, and {bare(address)} lets others in; set {name}={closed}, or "
        "BIND_ADDRESS=127.0.0.1"
        for name, closed in LOGINS.items()
        if values.get(name) == "off"
    ]


def missing_of_login(values: Mapping[str, str]) -> list[str]:
    """The settings that the form's log-in needs and lacks."""
    form_auth = values.get("FORM_AUTH") or "password"
    return [
        f"{name}: is empty, and FORM_AUTH={form_auth} needs it; `make env` makes the secrets that are not a provider's"
        for name in OF_THE_LOGIN.get(form_auth, ())
        if not values.get(name)
    ]
