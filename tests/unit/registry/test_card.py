"""A card in its three forms: what was measured, what the hospital fills in, and nothing that a page would run."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from app_back.card import PROPERTIES
from readmission.features import PREPARED_FIELDS
from readmission.model.evaluation import evaluate
from readmission.model.measurement import report
from readmission.model.resampling import Resampled
from readmission.registry.card.data import missing_of
from readmission.registry.card.rendered import files_of, html, markdown
from readmission.registry.card.sections import sections_of
from readmission.registry.card.shapes import Card, Flow, SplitFlow

RANDOM = np.random.default_rng(2)
RISK = RANDOM.random(600)
ROWS = pd.DataFrame(
    {
        "target": (RANDOM.random(600) < RISK).astype(int),
        "patient": np.arange(600),
        "race": np.where(np.arange(600) < 30, "Asian", "Caucasian"),
        "gender": np.where(np.arange(600) % 2, "Female", "Male"),
        "age": 65.0,
    }
)


@pytest.fixture(scope="module")
def card() -> Card:
    drawn = Resampled.of_patients(ROWS["patient"], resamples=20)
    scores = evaluate(ROWS["target"].to_numpy(), RISK, 0.5, drawn)
    made = Card(
        title="Model card: batch <1>",
        dataset="synthetic",
        target="lt30",
        made_of={"git_revision": "<script>alert(1)</script> | `x`"},
        params={"n_estimators": "30"},
        flow=Flow(loaded=1_010, excluded=10, splits={"test": SplitFlow(rows=600, patients=600, positives=300)}),
        missing={"medical_specialty": 0.5},
        importance={"age": 0.02},
        reports={split: report(split, ROWS, RISK, 0.5, drawn, scores) for split in ("val", "test")},
        sections=[],
    )
    return made.model_copy(update={"sections": sections_of(made)})


def test_a_card_says_what_was_measured_with_intervals(card: Card) -> None:
    text = markdown(card)
    recall = card.reports["test"].figures["recall"]
    assert recall.value is not None and recall.low is not None
    assert f"| Recall | {recall.value:.3f} ({recall.low:.3f} to " in text
    assert "| loaded | 1,010 |" in text and "| left out | 10 |" in text
    assert "| Medical specialty | 50.0% |" in text
    assert "race other (too few to assess)" in text
    assert "which are made up" in text


def test_a_card_of_the_published_encounters_says_where_the_version_stands(card: Card) -> None:
    reached = card.reports["test"].figures["roc_auc"]
    of_real = card.model_copy(update={"dataset": "real"})
    other_outcome = of_real.model_copy(update={"target": "any"})
    told = [" ".join(text for each in sections_of(one) for text in each.paragraphs) for one in (of_real, other_outcome)]
    assert f"This version reaches {reached.value:.3f} ({reached.low:.3f} to {reached.high:.3f})" in told[0]
    assert "TabArena" in told[0] and "TabArena" not in told[1] + markdown(card)


def test_every_item_of_tripod_ai_has_its_section_and_what_is_not_known_is_a_named_blank(card: Card) -> None:
    answered = {int(item) for section in card.sections for item in section.tripod.split(", ")}
    assert answered == set(range(1, 28))
    blanks = [blank for section in card.sections for blank in section.blanks]
    assert "ethical approval" in blanks and len(set(blanks)) == len(blanks)
    for text in (markdown(card), html(card)):
        assert text.count("To be filled in by the hospital: ") == len(blanks)


def test_nothing_of_a_card_is_markup_but_its_own(card: Card) -> None:
    page = html(card)
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page and "http" not in page
    assert page.count("<h2>") == len(card.sections)
    assert "\\<script\\>" in markdown(card) and "\\| \\`x\\`" in markdown(card)


def test_each_row_of_a_table_has_its_columns(card: Card) -> None:
    for table in (table for section in card.sections for table in section.tables):
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.title
    drawn = [line for line in markdown(card).splitlines() if line.startswith("| race")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in drawn} == {11}


def test_the_three_files_hold_the_same_card(card: Card) -> None:
    files = files_of(card)
    assert list(files) == ["card.json", "card.md", "card.html"]
    assert Card.model_validate_json(files["card.json"]) == card
    assert list(PROPERTIES) == list(json.loads(files["card.json"])), "what the service's schema tells"


def test_missing_is_the_share_of_rows_in_the_category_of_its_own() -> None:
    known = [field for field in PREPARED_FIELDS if field.missing]
    rows = pd.DataFrame({field.name: [field.missing, "x", "x", "x"] for field in known})
    rows["race"] = [*[BY_RACE] * 3, "Caucasian"]
    shares = missing_of(rows, history=True)
    assert next(iter(shares)) == "race" and shares["race"] == 0.75
    assert set(shares) == {field.name for field in known} and shares["medical_specialty"] == 0.25
    assert set(shares) - set(missing_of(rows, history=False)) == {"previous_readmitted"}


def test_a_card_says_whether_the_version_uses_earlier_stays(card: Card) -> None:
    with_history = card.model_copy(update={"made_of": {"history": "on"}})
    texts = [markdown(each.model_copy(update={"sections": sections_of(each)})) for each in (card, with_history)]
    for told in ("Previous stays, Readmission after the previous stay", "whose order contradicts itself are left out"):
        assert [told in text for text in texts] == [False, True]
    assert all("Days since the previous stay" not in text for text in texts)


BY_RACE = next(field.missing for field in PREPARED_FIELDS if field.name == "race")
