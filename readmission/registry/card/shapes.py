"""What a card holds: `card.json`."""

from typing import Any

from pydantic import BaseModel

from readmission.model.report import Report


class Table(BaseModel):
    """A table of texts; each row is as long as `columns`."""

    title: str
    columns: list[str]
    rows: list[list[str]]


class Section(BaseModel):
    """A section: the items of TRIPOD+AI and the part of CHAI's card that it answers; `blanks` are for the hospital."""

    title: str
    tripod: str
    chai: str
    paragraphs: list[str] = []
    tables: list[Table] = []
    blanks: list[str] = []


class SplitFlow(BaseModel):
    """Who is in a split: rows are encounters, positives those that were followed by the outcome."""

    rows: int
    patients: int
    positives: int


class Flow(BaseModel):
    """From the loaded file to the splits; `loaded` is None where the load's record was removed."""

    loaded: int | None
    excluded: int | None
    splits: dict[str, SplitFlow]


class Card(BaseModel):
    """A version's card; `missing` is the share of train rows without a field, `reports` what was measured by split."""

    title: str
    dataset: str
    target: str
    made_of: dict[str, str]
    params: dict[str, Any]
    flow: Flow
    missing: dict[str, float]
    importance: dict[str, float]
    reports: dict[str, Report]
    sections: list[Section]
