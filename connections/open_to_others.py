"""What must hold of the platform in Docker before others than this machine reach it.

Standard library alone, as `setting_rules`: the check that comes before every container reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from connections.addresses import EVERY_ADDRESS, bare, is_loopback
from connections.setting_rules import without_login

# Where the plain ports are; everything else is reached over TLS.
PLAIN = ("", "127.0.0.1", "localhost")
PROFILE = "tls"
LEAST_CHARACTERS, LEAST_DIFFERENT = 16, 8
# What is tried first; what is left of a secret without them has to be long enough to be none of them.
WORDS = (
    "abc123", "abcdef", "admin", "airflow", "changeme", "changethis", "default", "diabetes", "hospital", "letmein",
    "minio", "mlflow", "mysql", "passw0rd", "password", "postgres", "qwerty", "readmission", "redis", "root", "secret",
    "streamlit", "super", "test", "welcome", "123456", "654321",
)  # fmt: skip
LEAST_OF_ITS_OWN = 12
# The same account unless two of them are set.
_ONE_ACCOUNT = {"AWS_SECRET_ACCESS_KEY", "MINIO_ROOT_PASSWORD"}


def needs_tls(bind_address: str) -> bool:
    """Whether what is published there is published over TLS."""
    return bare(bind_address) not in PLAIN


def problems(values: Mapping[str, str], secrets: Iterable[str]) -> list[str]:
    """What is wrong with the settings of a platform that others reach, one line each; no secret is repeated.

    Args:
        values: The settings.
        secrets: The names of those whose values let somebody in.
    """
    address = values.get("BIND_ADDRESS", "")
    found = [*_of_tls(values, address), *without_login(values, address)]
    if not is_loopback(bare(address) or "127.0.0.1"):
        found += _of_secrets({name: values[name] for name in sorted(secrets)})
    return found


def _of_tls(values: Mapping[str, str], address: str) -> Iterator[str]:
    has_tls = PROFILE in values.get("COMPOSE_PROFILES", "").split(",")
    if not needs_tls(address):
        if has_tls:
            yield f"COMPOSE_PROFILES: {PROFILE} wants a BIND_ADDRESS of its own: 127.0.0.1 has the plain ports"
    elif bare(address) in EVERY_ADDRESS:
        yield (
            f"BIND_ADDRESS: {address} would take the plain ports of 127.0.0.1 too; name one address of this machine, "
            "or start with `make up`, which finds it"
        )
    elif not has_tls or values.get("PUBLIC_SCHEME") != "https":
        yield (
            f"BIND_ADDRESS: {address} is reached over TLS alone; start with `make up`, or set "
            f"COMPOSE_PROFILES={PROFILE} and PUBLIC_SCHEME=https"
        )
    given = {name: bool(values.get(name)) for name in ("TLS_CERTIFICATE", "TLS_KEY")}
    if len({*given.values()}) == 2:
        missing = next(name for name, there in given.items() if not there)
        yield f"{missing} is missing: TLS_CERTIFICATE and TLS_KEY go together"


def _of_secrets(secrets: Mapping[str, str]) -> Iterator[str]:
    for name, value in secrets.items():
        if value and (why := weakness(value)):
            yield f"{name} is {why}, which BIND_ADDRESS=127.0.0.1 alone allows: empty it, and `make env` makes another"
    for one, other in combinations(secrets, 2):
        if secrets[one] and secrets[one] == secrets[other] and {one, other} != _ONE_ACCOUNT:
            yield f"{one} and {other} are the same: who learns one has both; empty one, and `make env` makes another"


def weakness(secret: str) -> str | None:
    """Why a secret could be guessed, in words that do not repeat it; None where it could not."""
    if len(secret) < LEAST_CHARACTERS:
        return f"shorter than {LEAST_CHARACTERS} characters"
    if len(set(secret)) < LEAST_DIFFERENT:
        return f"made of fewer than {LEAST_DIFFERENT} different characters"
    left = secret.lower()
    for word in WORDS:
        left = left.replace(word, "")
    return "a well-known word" if len(left) < LEAST_OF_ITS_OWN else None
