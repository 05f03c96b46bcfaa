"""A CSV that was obtained: where it can be read, what a person calls it, and what its check found."""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from readmission.dataset.csv_check import CheckedFile, check_file
from readmission.dataset.origin import Origin, file_sha256, recorded, source_name
from readmission.errors import InvalidFileError, SourceError
from readmission.printable import printable

logger = logging.getLogger(__name__)

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Obtained:
    """A CSV to load. `path` may be a temporary file's; `name` is what was given: messages and `loads.source` say it.

    `remarks` are what a person should know of how the CSV was found in what was given; `place` is where a fetched file
    is kept, with its `origin`.
    """

    path: Path
    name: str
    sha256: str
    remarks: tuple[str, ...] = ()
    place: Path | None = None
    origin: Origin | None = None

    @cached_property
    def checked(self) -> CheckedFile:
        """What the check of the whole file found; it is made when it is first asked for, and once.

        Raises:
            InvalidFileError: the file breaks the contract; names the columns and the first cells.
        """
        checked = check_file(self.path, self.name)
        return replace(checked, remarks=(*self.remarks, *checked.remarks))

    def keep(self) -> None:
        """Puts a fetched file where the next load finds it, if all of it keeps the contract.

        A disk that refuses is a warning only: what was loaded is loaded, and the file is fetched again next time.

        Raises:
            InvalidFileError: it does not; what is in the place stays.
        """
        if self.place is None or self.origin is None:
            return
        rows = self.checked.rows
        try:
            with recorded(self.place, self.origin):
                os.replace(self.path, self.place)
        except OSError as error:
            logger.warning("%s is not kept as %s: %s; it is fetched again next time", self.name, self.place, error)
        else:
            logger.info("%s (%s rows) is kept as %s", self.name, f"{rows:,}", self.place)

    def check_unchanged(self) -> None:
        """Raises InvalidFileError when the file is another by now than the one that was obtained."""
        if file_sha256(self.path) != self.sha256:
            raise InvalidFileError(f"{self.name} was changed while it was read; load it again")


def on_disk(path: Path) -> Obtained:
    """A CSV on this machine, read where it is.

    Raises:
        SourceError: there is no such file, or it cannot be read.
    """
    check_file_there(path, ": set DATASET_SOURCE and run cargar_datos, or put the CSV there")
    with disk_told(str(path)):
        sha256 = file_sha256(path)
    return Obtained(path, source_name(path, sha256), sha256)


def check_file_there(path: Path, advice: str = "") -> None:
    """Raises SourceError unless the path is a file's."""
    shown = printable(str(path))
    with disk_told(str(path)):
        if path.is_dir():
            raise SourceError(f"{shown} is a folder: name the file in it")
        if not path.is_file():
            raise SourceError(f"there is no file {shown}{advice}")


@contextmanager
def disk_told(name: str, folder: Path | None = None) -> Iterator[None]:
    """Says in a line what the disk refused: `name` is what was read or written, `folder` where to."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise SourceError(
                f"the disk is full: {printable(name)} does not fit into the folder {printable(str(folder))}; free "
                "space there, or use a folder on a larger disk (DATASET_PATH)"
            ) from error
        reason = error.strerror or type(error).__name__
        where = str(error.filename or folder or name)
        place = f" ({printable(where)})" if where != name else ""
        raise SourceError(f"{printable(name)} cannot be read or written: {reason}{place}") from error
