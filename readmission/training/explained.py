"""What a person is told of an error that a library raised, where a retry would only repeat it."""

import re

from sqlalchemy.exc import OperationalError, ProgrammingError

from readmission.errors import ReadmissionError, RemovedError

_MISSING_TABLE = re.compile(r"no such table: (?:main\.)?(\w+)|Table '([\w.]+)' doesn't exist")


def explained(error: BaseException) -> ReadmissionError | None:
    """The platform's own error for a table that was dropped or an MLflow that refuses; None for all others."""
    from mlflow.exceptions import MlflowException

    from readmission.registry.removed import refused

    if isinstance(error, OperationalError | ProgrammingError) and (found := _MISSING_TABLE.search(str(error.orig))):
        table = found[1] or found[2]
        return RemovedError(f"the table {table} is missing; run crear_bases_si_no_existen, which makes it, empty")
    if isinstance(error, MlflowException) and refused(error):
        return RemovedError(f"MLflow refused: {error.message}")
    return None
