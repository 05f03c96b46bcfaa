"""Each test that a page names beside a claim is there."""

import re

import pytest

from tests.conftest import ROOT
from tests.unit.docs import pages
from tests.unit.docs.pages import DOCS

SECURITY = DOCS / "security.md"
CITED = sorted(piece for piece in set(pages.inline_code(SECURITY)) if "::" in piece)


@pytest.mark.parametrize("cited", CITED)
def test_a_named_test_is_there(cited: str) -> None:
    path, name = cited.split("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_claim_names_a_test() -> None:
    tables = SECURITY.read_text(encoding="utf-8").split("| claim | tried by |\n")[1:]
    claims = [line for table in tables for line in table.split("\n\n")[0].splitlines()[1:]]
    assert len(claims) > 20
    assert [line for line in claims if "::test_" not in line] == []
