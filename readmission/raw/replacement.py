"""Whether a load may take the place of the rows that are there."""

from dataclasses import dataclass

from sqlalchemy import Engine, MetaData, func, inspect, select

from readmission.dataset.csv_check import CheckedFile, Dataset
from readmission.errors import ReplacementRefusedError
from readmission.features import SYNTHETIC_FIRST_ID
from readmission.raw import loads
from readmission.storage.contract_tables import ENCOUNTER_ID, INITIAL_DATA, initial_data_table

ADVICE = (
    "nothing was loaded. If it is meant, set the param allow_shrink of cargar_datos or the option --allow-shrink of "
    "`readmission load`"
)


@dataclass(frozen=True)
class Present:
    """What is in `initial_data` now, whether or not a load is recorded that put it there."""

    rows: int
    dataset: Dataset
    origin: str


def present(engine: Engine) -> Present | None:
    """What a load would replace; None where there are no rows."""
    if not inspect(engine).has_table(INITIAL_DATA):
        return None
    key = initial_data_table(MetaData()).c[ENCOUNTER_ID]
    with engine.connect() as connection:
        rows, least = connection.execute(select(func.count(key), func.min(key))).one()
    if not rows:
        return None
    return Present(rows, "real" if least < SYNTHETIC_FIRST_ID else "synthetic", _origin(engine))


def _origin(engine: Engine) -> str:
    latest = loads.latest(engine)
    return f"load {latest.load_id} of {loads.source_of(engine, latest.load_id)}" if latest else "no recorded load"


def check_replaces(there: Present | None, name: str, coming: CheckedFile, least_share: float) -> None:
    """Refuses what nobody would want without having said so.

    Raises:
        ReplacementRefusedError: synthetic rows would replace real ones, or fewer than `least_share` of those there.
    """
    if there is None:
        return
    would = (
        f"initial_data holds {there.rows:,} {there.dataset} encounters ({there.origin}), and {name} would leave "
        f"{coming.rows:,} {coming.dataset} ones"
    )
    if (there.dataset, coming.dataset) == ("real", "synthetic"):
        raise ReplacementRefusedError(f"{would}: {ADVICE}")
    if coming.rows < least_share * there.rows:
        raise ReplacementRefusedError(f"{would}, fewer than {least_share:.0%} (LEAST_LOAD_SHARE): {ADVICE}")
