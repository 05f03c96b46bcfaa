"""Obtains the data set's CSV from where `DATASET_SOURCE` says: a file, an address, or made up."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from connections.settings import SYNTHETIC, Settings
from readmission import synthetic
from readmission.atomic_files import temporary_beside
from readmission.dataset import archives, download
from readmission.dataset.csv_reader import layout_of
from readmission.dataset.obtained import Obtained, check_file_there, disk_told, on_disk
from readmission.dataset.origin import Origin, file_sha256, origin_of, without_credentials
from readmission.errors import InvalidFileError, SourceError
from readmission.printable import printable
from readmission.progress import Progress, silent

logger = logging.getLogger(__name__)

SYNTHETIC_SEED = 42
SYNTHETIC_FILE = "synthetic.csv"
ADVICE = (
    "Set DATASET_SOURCE to a csv, gz or zip file on this machine (in Docker to data/Diabetes/NAME: "
    "no other folder is seen there) or to another http(s) address, check the network, or use the word `synthetic` for "
    "made-up encounters."
)
NewFile = Callable[[], Path]


@contextmanager
def obtain(settings: Settings, source: str | None = None, progress: Progress = silent) -> Iterator[Obtained]:
    """The CSV for `source` (default: DATASET_SOURCE), which begins as the data set does, as long as the block lasts.

    A file on disk is read where it is, or unpacked to a temporary one. An address is fetched unless the file at
    `settings.dataset_path` came from there, or a person put it there; `synthetic` has a file of its own beside it.
    What was fetched takes that place when the block ends well and the whole file keeps the contract.

    Raises:
        SourceError: no such file, no answer, or not the data set; the message says what to do.
    """
    wanted = source or settings.dataset_source
    folder = settings.dataset_path.parent
    with ExitStack() as temporary:
        with _told(wanted, folder):
            new_file = partial(_temporary, temporary, settings.dataset_path)
            obtained = _obtain(settings, wanted, new_file, progress)
        logger.info("the data set is %s (%s)", obtained.name, printable(str(obtained.path)))
        yield obtained
        with _told(wanted, folder):
            obtained.keep()


@contextmanager
def _told(source: str, folder: Path) -> Iterator[None]:
    """Turns what goes wrong into one error for the person who named the source."""
    try:
        with disk_told(_name(source), folder):
            yield
    except InvalidFileError as error:
        raise SourceError(str(error)) from error


def _name(source: str) -> str:
    return without_credentials(source) if "://" in source else printable(source)


def _temporary(temporary: ExitStack, path: Path) -> Path:
    return temporary.enter_context(temporary_beside(path))


def _obtain(settings: Settings, source: str, new_file: NewFile, progress: Progress) -> Obtained:
    if source == SYNTHETIC:
        return _made_up(settings, new_file, progress)
    try:
        if "://" not in source:
            return _from_disk(settings, _path(source), new_file)
        if not source.lower().startswith(("http://", "https://")):
            raise SourceError(f"{_name(source)} is neither a file nor an http(s) address")
        return _from_address(settings, source, new_file, progress)
    except SourceError as error:
        raise SourceError(f"{error}. {ADVICE}") from error


def _path(source: str) -> Path:
    try:
        return Path(source).expanduser()
    except RuntimeError as error:
        raise SourceError(f"there is no file {printable(source)} ({error})") from error


def _from_disk(settings: Settings, given: Path, new_file: NewFile, present: Obtained | None = None) -> Obtained:
    check_file_there(given)
    name = printable(given.name)
    unpacked = archives.unpack(given, new_file, name)
    if unpacked.path == given:
        return _checked(settings, present or on_disk(given))
    return _checked(settings, Obtained(unpacked.path, name, file_sha256(unpacked.path), unpacked.remarks))


def _from_address(settings: Settings, url: str, new_file: NewFile, progress: Progress) -> Obtained:
    name, address = without_credentials(url), hashlib.sha256(url.encode(errors="replace")).hexdigest()
    present = _present(settings, address, new_file)
    if present is not None:
        return present
    logger.info("fetching the data set from %s", name)
    packed = new_file()
    end_told = download.fetch(url, packed, progress, settings.dataset_fetch_seconds)
    unpacked = archives.unpack(packed, new_file, name)
    if not end_told and unpacked.path == packed and settings.dataset_sha256 is None:
        raise SourceError(
            f"{name} does not say how long its answer is, so a file that was cut short would look whole: fetch it as "
            "zip or gz, or set DATASET_SHA256 to what its sha256 must be"
        )
    sha256 = file_sha256(unpacked.path)
    origin = Origin(name, sha256, address)
    return _checked(settings, Obtained(unpacked.path, name, sha256, unpacked.remarks, settings.dataset_path, origin))


def _present(settings: Settings, address: str, new_file: NewFile) -> Obtained | None:
    """The file at `dataset_path`, if it is to be used as it is."""
    path = settings.dataset_path
    if not path.is_file():
        return None
    present = on_disk(path)
    origin = origin_of(path, present.sha256)
    if origin is None:
        logger.info("using %s, which was put there by hand", printable(str(path)))
        return _from_disk(settings, path, new_file, present)
    wanted = settings.dataset_sha256
    same = origin.address == address and (wanted is None or wanted.lower() == present.sha256)
    return present if same else None


def _checked(settings: Settings, obtained: Obtained) -> Obtained:
    """Refuses a file that does not begin as the data set does; its rows are checked when it is loaded or kept."""
    layout_of(obtained.path, obtained.name)
    wanted = settings.dataset_sha256
    if wanted is not None and wanted.lower() != obtained.sha256:
        raise SourceError(
            f"{obtained.name} is not the data set: its CSV's sha256 is {obtained.sha256}, DATASET_SHA256 is {wanted}"
        )
    return obtained


def _made_up(settings: Settings, new_file: NewFile, progress: Progress) -> Obtained:
    path = settings.dataset_path.with_name(SYNTHETIC_FILE)
    rows = settings.synthetic_rows
    origin = origin_of(path, file_sha256(path)) if path.is_file() else None
    if origin is not None and (origin.rows, origin.seed) == (rows, SYNTHETIC_SEED):
        return Obtained(path, SYNTHETIC_FILE, origin.sha256)
    made = new_file()
    synthetic.write(made, rows, SYNTHETIC_SEED, progress)
    sha256 = file_sha256(made)
    origin = Origin(SYNTHETIC, sha256, rows=rows, seed=SYNTHETIC_SEED)
    return Obtained(made, SYNTHETIC_FILE, sha256, place=path, origin=origin)
