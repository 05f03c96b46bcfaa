"""MySQL's errors in words that quote no value: the server's own may."""

import pymysql
from pymysql.constants import CR, ER

from app_back.log.database import (
    DISK_FULL,
    READ_ONLY,
    TABLE,
    ConnectionLostError,
    DatabaseError,
    DuplicateError,
    RowRefusedError,
)

_LOST = (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, ER.SERVER_SHUTDOWN)
_DENIED = (ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR)
_NO_TABLE = f"there is no table {TABLE}: the job `migrate` makes it"
_NO_RIGHTS = f"the service's account has no rights on {TABLE}: the job `migrate` gives it them"
# JSON that is none, and text that is none in utf8mb4: PyMySQL does not count them among the faults of data.
_ROW = (3140, 3141, 3988, ER.TRUNCATED_WRONG_VALUE_FOR_FIELD)
_WORDS = {
    **dict.fromkeys((ER.NO_SUCH_TABLE, ER.BAD_DB_ERROR), _NO_TABLE),
    ER.LOCK_WAIT_TIMEOUT: f"{TABLE} is locked by another connection",
    ER.CON_COUNT_ERROR: "the database has no connection left",
    # 1792 and 1836: in a transaction, and in a mode, that only read.
    **dict.fromkeys((ER.OPTION_PREVENTS_STATEMENT, 1792, 1836), READ_ONLY),
    **dict.fromkeys((ER.DISK_FULL, ER.RECORD_FILE_FULL), DISK_FULL),
    ER.ACCESS_DENIED_ERROR: "the database refuses the service's account or its password",
    **dict.fromkeys(_DENIED, _NO_RIGHTS),
}


def in_words(error: pymysql.Error) -> DatabaseError:
    """The error in words, without the server's, which may quote a value."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code == ER.DUP_ENTRY:
        return DuplicateError("a row of that id is there already")
    if code in _LOST:
        return ConnectionLostError("the connection to the database broke")
    if isinstance(error, pymysql.DataError | pymysql.IntegrityError) or code in _ROW:
        return RowRefusedError(f"the database refuses a row (MySQL error {code})")
    return DatabaseError(_WORDS.get(code, f"the database fails (MySQL error {code})"))
