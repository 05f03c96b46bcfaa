"""Where a data set's file came from: a small record beside the file, and its checksum."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from readmission.atomic_files import replacing
from readmission.printable import printable

SIDECAR_SUFFIX = ".source.json"


@dataclass(frozen=True)
class Origin:
    """What was asked for (`source`, never with credentials) and the sha256 of the file that it gave.

    `address` is the sha256 of a whole address: it tells two apart that differ only in what `source` leaves out.
    """

    source: str
    sha256: str
    address: str | None = None
    rows: int | None = None
    seed: int | None = None


def file_sha256(path: Path) -> str:
    """The file's sha256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def without_credentials(url: str) -> str:
    """An address without user, password and query, all of which may hold secrets, safe to show."""
    scheme, _, rest = url.partition("://")
    host, path = _cut(rest)
    if "@" in rest and "@" not in host and ":" in host and not host.rpartition(":")[2].isdigit():
        host, path = _cut(rest.rpartition("@")[2])  # a password that holds a / or ?
    return printable(f"{scheme.lower()}://{host.rpartition('@')[2]}{path}")


def _cut(rest: str) -> tuple[str, str]:
    host, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return host, slash + path


def origin_of(path: Path, sha256: str) -> Origin | None:
    """What the record beside a file of that sha256 says; None if a person put it there, or put it in its place."""
    try:
        origin = Origin(**json.loads(_sidecar(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return origin if origin.sha256 == sha256 else None


@contextmanager
def recorded(path: Path, origin: Origin) -> Iterator[None]:
    """Writes the record beside the file, which the block puts there; neither appears when the block fails."""
    with replacing(_sidecar(path)) as part:
        part.write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")
        yield


def source_name(path: Path, sha256: str) -> str:
    """How a load names a file of that sha256: the address it was fetched from, or the file's own name."""
    origin = origin_of(path, sha256)
    return printable(origin.source if origin is not None and "://" in origin.source else path.name)


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR_SUFFIX)
