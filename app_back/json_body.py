"""Reads a body as JSON in UTF-8, and says in one line what keeps it from being read."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from readmission.features import shown


class JsonRoute(APIRoute):
    """A route whose body is read by `read_json`: what cannot be read is a 400 that says why."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, on a request that reads its body so."""
        handle = super().get_route_handler()

        async def handle_body(request: Request) -> Response:
            return await handle(_JsonRequest(request.scope, request.receive))

        return handle_body


class _JsonRequest(Request):
    async def json(self) -> Any:
        encoding = self.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            raise _unreadable(f"the body is compressed ({shown(encoding)}); send it as it is")
        return read_json(await self.body())


def read_json(body: bytes) -> Any:
    """The value that a body holds.

    Raises:
        HTTPException: 400; it is not UTF-8, has a field twice, is nested too deeply or has an endless number.
        JSONDecodeError: it is not JSON.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_each_once)
    except UnicodeDecodeError as error:
        raise _unreadable(f"the body is not UTF-8 text (byte {error.start + 1}); send JSON in UTF-8") from error
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        raise _unreadable("the body is nested too deeply; send one JSON object of fields") from error
    except ValueError as error:
        raise _unreadable("the body holds a number of too many digits") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise _unreadable(f"the body has the field {shown(name)} twice; send it once")
        values[name] = value
    return values


def _unreadable(message: str) -> HTTPException:
    return HTTPException(400, message)
