"""What the address and Accept-Language ask for."""

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.types import Scope

from app_back.explaining.asked import Asked, asked_of


def scope(query: str = "", accepted: str | None = None) -> Scope:
    headers = [] if accepted is None else [(b"accept-language", accepted.encode("latin-1"))]
    return {"type": "http", "query_string": query.encode("latin-1"), "headers": headers}


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("", None, Asked(False, "es")),
        ("explain=true", None, Asked(True, "es")),
        ("explain=false&language=en", None, Asked(False, "en")),
        ("explain=true&language=es", "en", Asked(True, "es")),
        ("other=1", "en-GB,en;q=0.9", Asked(False, "en")),
        ("", "de, es;q=0.3, EN-us;q=0.7", Asked(False, "en")),
        ("", "fr, *;q=0.1", Asked(False, "es")),
        ("", "en;q=0", Asked(False, "es")),
        ("", "en;q=ñ, ,;;,es;q=0.1", Asked(False, "es")),
    ],
)
def test_the_address_decides_then_the_header_then_spanish(query: str, accepted: str | None, expected: Asked) -> None:
    assert asked_of(scope(query, accepted)) == expected


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("explain=yes", "explain"),
        ("explain=", "explain"),
        ("explain=true&explain=true", "explain"),
        ("language=de", "language"),
        ("language=%ff", "language"),
    ],
)
def test_another_value_is_refused_by_its_name(query: str, name: str) -> None:
    with pytest.raises(RequestValidationError) as refused:
        asked_of(scope(query))
    assert [problem["loc"] for problem in refused.value.errors()] == [("query", name)]
