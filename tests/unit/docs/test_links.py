"""Links between pages lead somewhere, and README leads to every page."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.unit.docs import pages
from tests.unit.docs.pages import DOCS, PAGES

README = ROOT / "README.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_what_is_there(page: Path) -> None:
    broken = [
        f"{target.name}#{anchor}" if anchor else target.name
        for target, anchor in pages.links(page)
        if not target.exists() or (anchor and anchor not in pages.anchors(target))
    ]
    assert broken == []


def test_readme_leads_to_every_page_of_the_docs() -> None:
    reached, waiting = {README}, [README]
    while waiting:
        found = {target for target, _ in pages.links(waiting.pop()) if target.suffix == ".md" and target.exists()}
        waiting += found - reached
        reached |= found
    assert set(DOCS.rglob("*.md")) - reached == set()
