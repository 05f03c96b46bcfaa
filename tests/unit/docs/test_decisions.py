"""Decisions are short, numbered without a gap, of one shape, and all in the index."""

from pathlib import Path

import pytest

from tests.unit.docs import pages

FOLDER = pages.DOCS / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
LONGEST = 40


def test_they_are_numbered_without_a_gap() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_tells_its_context_its_reasons_and_what_follows(page: Path) -> None:
    title, *parts = pages.titles(page)
    assert title.startswith(f"{page.name[:4]} · ")
    assert parts == ["Context", "Decision", "Why", "Consequences"]
    assert all(pages.section(page, part).strip() for part in parts)
    assert len(page.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_index_gives_each_decision_under_its_own_title() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    missing = [
        page.name
        for page in DECISIONS
        if f"| [{page.name[:4]}]({page.name}) | {pages.titles(page)[0].removeprefix(f'{page.name[:4]} · ')} |"
        not in index
    ]
    assert missing == []
