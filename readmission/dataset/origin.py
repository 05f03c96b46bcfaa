"""Where a data set's file came from: a small record beside the file, and its checksum."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from readmission.atomic_files import replacing

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
    """An address without user, password and query, all of which may hold secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def origin_of(path: Path, sha256: str) -> Origin | None:
    """What the record beside a file of that sha256 says; None if a person put it there, or put it in its place."""
    try:
        origin = Origin(**json.loads(_sidecar(path).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return origin if origin.sha256 == sha256 else None


def record_origin(path: Path, origin: Origin) -> None:
    """Writes the record beside the file."""
    with replacing(_sidecar(path)) as part:
        part.write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")


def source_name(path: Path, sha256: str) -> str:
    """How a load names a file of that sha256: the address it was fetched from, or the file's own name."""
    origin = origin_of(path, sha256)
    return origin.source if origin is not None and "://" in origin.source else path.name


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR_SUFFIX)
