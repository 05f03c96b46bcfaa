"""What each account of a MySQL server may do with which table. Its owner grants that at every start.

`compose/mysql/start.sh` makes the accounts, and `owner`, who alone may create, change and drop any table. The
pipeline's rights are by table: a right on the whole database would reach `predictions`.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from sqlalchemy import Connection, text

from connections import tables as fixed
from connections.mysql_connections import DatabaseName
from readmission.storage.contract_tables import INITIAL_DATA, SPLITS, prepared_name
from readmission.storage.table_renames import kept_name, old_name, staging_name

Place = tuple[str, str]
Rights = dict[Place, frozenset[str]]

_VERSION = "alembic_version"
_READ = frozenset({"SELECT"})
_ADD = _READ | {"INSERT"}
_RECORD = _ADD | {"UPDATE"}
# A rename asks for ALTER and DROP on the old name, CREATE and INSERT on the new one.
_SWAP = _ADD | {"CREATE", "ALTER", "DROP"}


def _swapped(database: DatabaseName, names: Iterable[str]) -> Rights:
    called = [(name, staging_name(name), kept_name(name), old_name(name)) for name in names]
    return {(database, name): _SWAP for name in chain.from_iterable(called)}


GRANTED: dict[str, Rights] = {
    "pipeline": {
        ("RAW_DATA", _VERSION): _READ,
        ("RAW_DATA", fixed.loads.name): _RECORD,
        **_swapped("RAW_DATA", [INITIAL_DATA]),
        ("CLEAN_DATA", _VERSION): _READ,
        ("CLEAN_DATA", fixed.prepared_sets.name): _RECORD,
        ("CLEAN_DATA", fixed.experiments.name): _ADD,
        ("CLEAN_DATA", fixed.promotions.name): _ADD,
        ("CLEAN_DATA", fixed.leases.name): _RECORD | {"DELETE"},
        **_swapped("CLEAN_DATA", [*map(prepared_name, SPLITS), fixed.encounters.name]),
    },
    "api": {("RAW_DATA", fixed.predictions.name): _ADD, ("RAW_DATA", fixed.forgotten.name): _READ},
    "keeper": {
        ("RAW_DATA", fixed.predictions.name): _READ | {"DELETE"},
        ("RAW_DATA", fixed.forgotten.name): _ADD,
    },
}


def grant(connection: Connection) -> list[str]:
    """Gives each account what is granted above, and then takes from it whatever else it has in the two databases.

    In this order, so that nobody is refused meanwhile; a second run changes nothing. `connection` is the owner's.
    """
    changed = 0
    for account, wanted in GRANTED.items():
        for statement in (*_missing(connection, account, wanted), *_beyond(connection, account, wanted)):
            connection.execute(text(statement))
            changed += 1
    return [f"rights of {', '.join(GRANTED)}: {f'{changed} statements' if changed else 'nothing to change'}"]


def _missing(connection: Connection, account: str, wanted: Rights) -> Iterator[str]:
    there = _of_tables(connection, account)
    for place, rights in wanted.items():
        if lacking := rights - there.get(place, frozenset()):
            yield f"GRANT {_listed(lacking)} ON {_quoted(place)} TO {account}"


def _beyond(connection: Connection, account: str, wanted: Rights) -> Iterator[str]:
    whole = text(
        "SELECT Db FROM mysql.db WHERE User = :account AND REPLACE(Db, '\\\\', '') IN ('RAW_DATA', 'CLEAN_DATA')"
    )
    for database in connection.execute(whole, {"account": account}).scalars().all():
        yield f"REVOKE ALL ON `{database}`.* FROM {account}"
    for place, rights in _of_tables(connection, account).items():
        if more := rights - wanted.get(place, frozenset()):
            yield f"REVOKE {_listed(more)} ON {_quoted(place)} FROM {account}"


def _of_tables(connection: Connection, account: str) -> Rights:
    rows = connection.execute(
        text(
            "SELECT Db, Table_name, Table_priv FROM mysql.tables_priv "
            "WHERE User = :account AND Db IN ('RAW_DATA', 'CLEAN_DATA')"
        ),
        {"account": account},
    )
    return {(database, table): _named(rights) for database, table, rights in rows}


def _named(rights: str) -> frozenset[str]:
    """The rights of a row as GRANT calls them."""
    names = {name.upper() for name in rights.split(",") if name}
    return frozenset("GRANT OPTION" if name == "GRANT" else name for name in names)


def _listed(rights: Iterable[str]) -> str:
    return ", ".join(sorted(rights))


def _quoted(place: Place) -> str:
    return ".".join(f"`{name}`" for name in place)
