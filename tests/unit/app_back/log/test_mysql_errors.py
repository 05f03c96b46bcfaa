"""MySQL's errors, as health, logs and answers tell them."""

import pymysql
import pytest
from pymysql.constants import CR, ER

from app_back.log.database import (
    DISK_FULL,
    READ_ONLY,
    ConnectionLostError,
    DatabaseError,
    DuplicateError,
    RowRefusedError,
)
from app_back.log.mysql_errors import in_words

PATIENT = "Data too long for column 'encounter_ref': secreto"


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (pymysql.IntegrityError(ER.DUP_ENTRY, PATIENT), DuplicateError, "a row of that id is there already"),
        (
            pymysql.OperationalError(CR.CR_SERVER_LOST, PATIENT),
            ConnectionLostError,
            "the connection to the database broke",
        ),
        (
            pymysql.DataError(ER.DATA_TOO_LONG, PATIENT),
            RowRefusedError,
            "the database refuses a row (MySQL error 1406)",
        ),
        (pymysql.OperationalError(3140, PATIENT), RowRefusedError, "the database refuses a row (MySQL error 3140)"),
        (
            pymysql.ProgrammingError(ER.NO_SUCH_TABLE, PATIENT),
            DatabaseError,
            "there is no table RAW_DATA.predictions: the job `migrate` makes it",
        ),
        (
            pymysql.OperationalError(ER.TABLEACCESS_DENIED_ERROR, PATIENT),
            DatabaseError,
            "the service's account has no rights on RAW_DATA.predictions: the job `migrate` gives it them",
        ),
        (pymysql.OperationalError(1792, PATIENT), DatabaseError, READ_ONLY),
        (pymysql.OperationalError(ER.DISK_FULL, PATIENT), DatabaseError, DISK_FULL),
        (
            pymysql.OperationalError(ER.ACCESS_DENIED_ERROR, PATIENT),
            DatabaseError,
            "the database refuses the service's account or its password",
        ),
        (pymysql.InternalError(), DatabaseError, "the database fails (MySQL error 0)"),
    ],
)
def test_an_error_is_told_in_words_that_quote_no_value(
    error: pymysql.Error, kind: type[DatabaseError], told: str
) -> None:
    found = in_words(error)
    assert (type(found), str(found)) == (kind, told)
    assert "secreto" not in str(found)
