"""Reads a body as JSON in UTF-8, and says in one line what keeps it from being read."""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import Scope

from readmission.features import shown

_JSON = (b"application/json", b"application/json; charset=utf-8")


def is_json(scope: Scope) -> bool:
    """Whether a request says that its body is JSON. A page of another site can send anything else without asking.

    Raises:
        HTTPException: 400; the body is compressed.
    """
    kind = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise _unreadable(f"the body is compressed ({shown(value.decode('latin-1'))}); send it as it is")
    return kind in _JSON or _is_json(kind.decode("latin-1"))


def _is_json(kind: str) -> bool:
    main = kind.partition(";")[0].strip().lower()
    return main == "application/json" or (main.startswith("application/") and main.endswith("+json"))


def read_json(body: bytes) -> Any:
    """The value that a body holds.

    Raises:
        HTTPException: 400; it is not UTF-8, has a field twice, is nested too deeply or has an endless number.
        JSONDecodeError: it is not JSON.
    """
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(f"the body is not UTF-8 text (byte {error.start + 1}); send JSON in UTF-8") from error
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise _unreadable("the body is nested too deeply; send one JSON object of fields") from error
    except ValueError as error:
        raise _unreadable("the body holds a number of too many digits") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _unreadable(f"the body has the field {shown(twice)} twice; send it once")
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=_each_once)


def _unreadable(message: str) -> HTTPException:
    return HTTPException(400, message)
