"""The record of deleted predictions as a file, which outlives the database that it is restored into."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from connections.forgotten import Entry
from connections.mysql_connections import engine_for
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.errors import InvalidFileError
from readmission.keeping.forgetting import entries_of

_ENTRIES = TypeAdapter(list[Entry])


def save(settings: Settings, path: Path) -> int:
    """Writes the record, which names nobody, and gives the number of its entries."""
    entries = entries_of(engine_for(settings, "RAW_DATA"))
    with replacing(path) as part:
        part.write_bytes(_ENTRIES.dump_json(entries, indent=1))
    return len(entries)


def read(path: Path) -> list[Entry]:
    """The entries of a file that `save` wrote.

    Raises:
        InvalidFileError: it is another file, or not whole.
    """
    try:
        return _ENTRIES.validate_json(path.read_bytes())
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise InvalidFileError(f"{path} is not what `readmission forget --save` writes: {why}") from None
