"""What a person is told of an error that a library raised, where a retry would only repeat it."""

import re

from sqlalchemy.exc import OperationalError, ProgrammingError

from connections.failures import words
from readmission.errors import NotMigratedError, ReadmissionError, RemovedError
from readmission.storage.schema import NOT_YET, THE_JOB, is_denied

_MISSING_TABLE = re.compile(r"no such table: (?:main\.)?(\w+)|Table '([\w.]+)' doesn't exist")
_OLDER_TABLE = re.compile(r"no such column: (\S+)|has no column named (\S+)|Unknown column '(\S+)'")


def explained(error: BaseException) -> ReadmissionError | None:
    """The platform's own error for a table that was dropped or an MLflow that refuses; None for all others."""
    from mlflow.exceptions import MlflowException

    from readmission.registry.removed import refused

    if isinstance(error, OperationalError | ProgrammingError):
        if is_denied(error):
            return NotMigratedError(NOT_YET)
        return _of_database(str(error.orig))
    if isinstance(error, MlflowException) and refused(error):
        return RemovedError(f"MLflow refused: {words(error)}")
    return None


def _of_database(said: str) -> ReadmissionError | None:
    if found := _MISSING_TABLE.search(said):
        makes = "run crear_bases_si_no_existen, which makes it, empty" if found[1] else THE_JOB
        return RemovedError(f"the table {found[1] or found[2]} is missing; {makes}")
    if found := _OLDER_TABLE.search(said):
        column = next(filter(None, found.groups()))
        brings = THE_JOB if found[3] else "run crear_bases_si_no_existen, which brings it up to date"
        return RemovedError(f"a table lacks the column {column}; {brings}")
    return None
