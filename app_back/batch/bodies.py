"""Reads the body of a batch, JSON, NDJSON or CSV, into one object an encounter; `checked` looks into them."""

import csv
import io
from json import JSONDecodeError
from typing import Any, Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request

from app_back.errors import RefusedError
from app_back.json_body import read_json
from app_back.schemas import FieldRefusal
from readmission.features import BY_NAME, read_integer, shown

MAX_ENCOUNTERS = 10_000
Kind = Literal["json", "ndjson", "csv"]
KINDS: dict[str, Kind] = {"application/json": "json", "application/x-ndjson": "ndjson", "text/csv": "csv"}
ALLOWED = (
    'application/json ([...] or {"encounters": [...]}), application/x-ndjson (an object a line) or text/csv (fields as '
    f"header), with 1 to {MAX_ENCOUNTERS:,} encounters"
)


class TooManyError(HTTPException):
    """A batch holds more encounters than one may."""

    def __init__(self) -> None:
        super().__init__(413, f"a batch holds at most {MAX_ENCOUNTERS:,} encounters; send several")


def kind_of(request: Request) -> Kind:
    """What a request says that its body is.

    Raises:
        RefusedError: none of the three.
        HTTPException: 400; it is compressed.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise HTTPException(400, f"the body is compressed ({shown(encoding)}); send it as it is")
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in KINDS:
        raise _refused("has none of the types of a batch")
    return KINDS[media]


def encounters_of(body: bytes, kind: Kind) -> list[Any]:
    """What the body holds, an item an encounter. A line of NDJSON that is no JSON is given as its JSONDecodeError.

    Raises:
        RefusedError: it holds none, or is no batch.
        HTTPException: 400; it cannot be read. 413; it holds too many.
    """
    found = {"json": _json, "ndjson": _ndjson, "csv": _csv}[kind](body)
    if not found:
        raise _refused("holds no encounter")
    if len(found) > MAX_ENCOUNTERS:
        raise TooManyError
    return found


def _json(body: bytes) -> list[Any]:
    try:
        value = read_json(body)
    except JSONDecodeError:
        raise _refused("is not valid JSON") from None
    if isinstance(value, dict) and list(value) == ["encounters"]:
        value = value["encounters"]
    if not isinstance(value, list):
        raise _refused("is no list of encounters")
    return value


def _ndjson(body: bytes) -> list[Any]:
    lines = [line for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if len(lines) > MAX_ENCOUNTERS:
        raise TooManyError
    return [_line(line) for line in lines]


def _line(line: bytes) -> Any:
    try:
        return read_json(line)
    except JSONDecodeError as error:
        return error


def _csv(body: bytes) -> list[Any]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"the body is not UTF-8 text (byte {error.start + 1}); send CSV in UTF-8") from error
    try:
        header, *rows = [cells for cells in csv.reader(io.StringIO(text, newline=""), strict=True) if cells] or [[]]
    except csv.Error as error:
        raise HTTPException(400, f"the body is no CSV: {error}") from error
    if len(set(header)) < len(header):
        raise HTTPException(400, "the header has a field twice; send it once")
    return [_cells(header, cells) for cells in rows]


def _cells(header: list[str], cells: list[str]) -> dict[str, object] | ValueError:
    if len(cells) != len(header):
        return ValueError(f"has {len(cells)} cells, the header {len(header)}")
    return {name: _value(name, cell) for name, cell in zip(header, cells, strict=True)}


def _value(name: str, cell: str) -> object:
    """A cell as JSON would have it: where a field is a number, the number that the text is."""
    field = BY_NAME.get(name)
    number = read_integer(cell) if field is not None and field.kind == "number" else None
    return cell if number is None else number


def _refused(message: str) -> RefusedError:
    return RefusedError([FieldRefusal(field="body", message=message, allowed=ALLOWED)])
