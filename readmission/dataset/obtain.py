"""Obtains the data set's CSV from where `DATASET_SOURCE` says: a file, an address, or made up."""

import hashlib
import logging
from pathlib import Path

from connections.settings import SYNTHETIC, Settings
from readmission import synthetic
from readmission.atomic_files import replacing, temporary_beside
from readmission.dataset import archives, download
from readmission.dataset.csv_reader import LONGEST_LINE, read_header
from readmission.dataset.origin import Origin, file_sha256, origin_of, record_origin, without_credentials
from readmission.errors import InvalidFileError, SourceError
from readmission.progress import Progress, silent

logger = logging.getLogger(__name__)

SYNTHETIC_SEED = 42
SYNTHETIC_FILE = "synthetic.csv"
ADVICE = (
    "Set DATASET_SOURCE to a csv, gz or zip file on this machine or to another http(s) address, check the network, "
    "or use the word `synthetic` for made-up encounters."
)


def obtain(settings: Settings, source: str | None = None, progress: Progress = silent) -> Path:
    """The CSV for `source` (default: DATASET_SOURCE), ready to load; never a part of one.

    A file on disk is unpacked to `settings.dataset_path` each time. An address is fetched unless the file is there
    already: fetched from that address before, or put there by a person. `synthetic` makes a file of its own.

    Raises:
        SourceError: no such file, no answer, or not the data set; the message says what to do.
    """
    wanted = source or settings.dataset_source
    try:
        path = _obtain(settings, wanted, progress)
    except SourceError as error:
        raise SourceError(f"{error}. {ADVICE}") from error
    logger.info("the data set is %s", path)
    return path


def _obtain(settings: Settings, source: str, progress: Progress) -> Path:
    if source == SYNTHETIC:
        return _made_up(settings, progress)
    if "://" not in source:
        return _from_disk(settings, Path(source).expanduser())
    if not source.lower().startswith(("http://", "https://")):
        raise SourceError(f"{without_credentials(source)} is neither a file nor an http(s) address")
    return _from_address(settings, source, progress)


def _from_disk(settings: Settings, packed: Path) -> Path:
    if not packed.is_file():
        raise SourceError(f"there is no file {packed}")
    path = settings.dataset_path
    if path.exists() and path.samefile(packed):
        _check(path, file_sha256(path), settings, packed.name)
        return path
    logger.info("taking the data set from %s", packed)
    with replacing(path) as part:
        archives.extract(packed, part, packed.name)
        sha256 = file_sha256(part)
        _check(part, sha256, settings, packed.name)
    record_origin(path, Origin(packed.name, sha256))
    return path


def _from_address(settings: Settings, url: str, progress: Progress) -> Path:
    path, name = settings.dataset_path, without_credentials(url)
    address = hashlib.sha256(url.encode()).hexdigest()
    if _is_there(settings, address):
        return path
    logger.info("fetching the data set from %s", name)
    with temporary_beside(path) as packed, replacing(path) as part:
        download.fetch(url, packed, progress)
        archives.extract(packed, part, name)
        sha256 = file_sha256(part)
        _check(part, sha256, settings, name)
    record_origin(path, Origin(name, sha256, address))
    return path


def _is_there(settings: Settings, address: str) -> bool:
    """Whether the file at `dataset_path` is to be used as it is."""
    path = settings.dataset_path
    if not path.is_file():
        return False
    sha256 = file_sha256(path)
    origin = origin_of(path, sha256)
    if origin is None:
        _check(path, sha256, settings, str(path))
        logger.info("using %s, which was put there by hand", path)
        return True
    wanted = settings.dataset_sha256
    return origin.address == address and (wanted is None or wanted.lower() == sha256)


def _check(path: Path, sha256: str, settings: Settings, name: str) -> None:
    """Refuses a file that does not look like the data set; its rows are checked when it is loaded.

    Raises:
        SourceError: it has other columns, no encounter, or another sha256 than DATASET_SHA256.
    """
    try:
        read_header(path)
    except InvalidFileError as error:
        raise SourceError(f"{name} is not the data set: {str(error).replace(path.name, 'it')}") from error
    with path.open("rb") as file:
        file.readline()
        if not file.readline(LONGEST_LINE).strip():
            raise SourceError(f"{name} is not the data set: it has column names and no encounter")
    wanted = settings.dataset_sha256
    if wanted is not None and wanted.lower() != sha256:
        raise SourceError(f"{name} is not the data set: its CSV's sha256 is {sha256}, DATASET_SHA256 is {wanted}")


def _made_up(settings: Settings, progress: Progress) -> Path:
    path = settings.dataset_path.with_name(SYNTHETIC_FILE)
    rows = settings.synthetic_rows
    origin = origin_of(path, file_sha256(path)) if path.is_file() else None
    if origin is None or (origin.rows, origin.seed) != (rows, SYNTHETIC_SEED):
        synthetic.write(path, rows, SYNTHETIC_SEED, progress)
        record_origin(path, Origin(SYNTHETIC, file_sha256(path), rows=rows, seed=SYNTHETIC_SEED))
    return path
