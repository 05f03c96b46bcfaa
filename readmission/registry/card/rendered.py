"""A card as Markdown and as HTML: our own words and figures, escaped, without a script."""

from html import escape

from readmission.inference import CARD_FILES
from readmission.registry.card.shapes import Card, Section, Table

_BLANK = "To be filled in by the hospital: "
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}"
    "caption{text-align:left;font-weight:bold}small{color:#555}"
)


def files_of(card: Card) -> dict[str, str]:
    """The card's files, by name."""
    texts = {"json": card.model_dump_json(indent=2), "md": markdown(card), "html": html(card)}
    return {name: texts[kind] for kind, name in CARD_FILES.items()}


def markdown(card: Card) -> str:
    """The card as Markdown."""
    return "\n\n".join([f"# {_plain(card.title)}", *(_markdown_section(one) for one in card.sections)]) + "\n"


def html(card: Card) -> str:
    """The card as a page of HTML that needs nothing from elsewhere."""
    body = "\n".join(_html_section(one) for one in card.sections)
    title = escape(card.title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _markdown_section(section: Section) -> str:
    blanks = [f"- *{_BLANK}{_plain(blank)}*" for blank in section.blanks]
    parts = [
        f"## {_plain(section.title)}",
        f"*{_plain(_source(section))}*",
        *map(_plain, section.paragraphs),
        *(_markdown_table(table) for table in section.tables),
        *(["\n".join(blanks)] if blanks else []),
    ]
    return "\n\n".join(parts)


def _markdown_table(table: Table) -> str:
    head, *rows = (f"| {' | '.join(map(_plain, line))} |" for line in (table.columns, *table.rows))
    return "\n".join([f"**{_plain(table.title)}**", "", head, "| --- " * len(table.columns) + "|", *rows])


def _html_section(section: Section) -> str:
    blanks = "".join(f"<li><em>{escape(_BLANK + blank)}</em></li>" for blank in section.blanks)
    return "\n".join(
        [
            f"<h2>{escape(section.title)}</h2>",
            f"<p><small>{escape(_source(section))}</small></p>",
            *(f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs),
            *(_html_table(table) for table in section.tables),
            f"<ul>{blanks}</ul>" if blanks else "",
        ]
    )


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f"<table><caption>{escape(table.title)}</caption><tr>{head}</tr>{rows}</table>"


def _source(section: Section) -> str:
    return f"TRIPOD+AI: {section.tripod} · CHAI: {section.chai}"


def _plain(text: str) -> str:
    """A text in which nothing means anything to Markdown."""
    marked = "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in text)
    return " ".join(marked.split())
