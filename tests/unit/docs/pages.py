"""The documentation as tests read it: pages, their sections, what their tables document, and where they link to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))

_FENCE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", flags=re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Row:
    """A row of a table: the names in code that its first cell documents, and its other cells."""

    names: tuple[str, ...]
    cells: tuple[str, ...]


def read(page: Path) -> str:
    """A page without its blocks of code, whose lines are no markup."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def section(page: Path, title: str) -> str:
    """What stands below the heading of that title, up to the next heading of its level or above."""
    text = read(page)
    headings = list(_HEADING.finditer(text))
    start = next((found for found in headings if found[2] == title), None)
    assert start is not None, f"{page.name} has no section {title!r}"
    level = len(start[1])
    after = (found.start() for found in headings if found.start() > start.start() and len(found[1]) <= level)
    return text[start.end() : next(after, len(text))]


def titles(page: Path) -> list[str]:
    """The page's headings, as they are written."""
    return [found[2] for found in _HEADING.finditer(read(page))]


def table(text: str) -> list[tuple[str, ...]]:
    """The cells of each line of a text's tables, headings and rules included."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def rows(text: str) -> list[Row]:
    """The rows of a text's tables that document something: whose first cell holds a name in code."""
    return [Row(tuple(_CODE.findall(first)), tuple(others)) for first, *others in table(text) if _CODE.search(first)]


def documented(text: str) -> list[str]:
    """Every name that the tables of a text document, with repetitions."""
    return [name for row in rows(text) for name in row.names]


def inline_code(page: Path) -> list[str]:
    """What a page cites in code within its sentences."""
    return _CODE.findall(read(page))


def code(page: Path) -> list[str]:
    """What a page cites in code: each inline piece, and each line of its blocks."""
    blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [*inline_code(page), *(line for block in blocks for line in block.splitlines()[1:-1])]


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files that a page links to, each with the anchor or an empty text; addresses are left out."""
    for target in _LINK.findall(read(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    return {_anchor(title) for title in titles(page)}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
