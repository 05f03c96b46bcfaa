"""Texts without a closed list: what is the same, what is missing, what is refused, and what is `other`."""

import unicodedata

import pytest

from readmission.features import BY_NAME, Field, FieldError
from readmission.features.codes import PAYERS, SPECIALTIES
from readmission.features.spelling import MISSING_WORDS, essence

SPECIALTY, PAYER, DIAGNOSIS = BY_NAME["medical_specialty"], BY_NAME["payer_code"], BY_NAME["diag_1"]
MISSING = (
    "", " ", "?", "??", " ? ", "-", "--", "...", "\N{NO-BREAK SPACE}", "Unknown", "UNKNOWN", " unknown ", "Missing",
    "missing", "nan", "NaN", "NA", "N/A", "n/a", "n.a.", "#N/A", "<NA>", "null", "NULL", "(null)", "None", "none",
    "nil", "not available", "Not  Available", "not-available", "not_available", "NotAvailable", "not known",
    "not applicable", "Not recorded", "not specified", "Unspecified", "undefined", "no data", "UNK", "Desconocido",
    "desconocida", "\u2103", "n\u0301a", "\u0143a", "\u0301", "No disponible", "no consta",
    "Sin datos", "sin dato", "\uff35nknown",
)  # fmt: skip
REFUSED = (
    "7", "042", "1.0", "\uff12", "a\tb", "a\nb", "\x00", "Neph\x1brology", "a\u202eb", "a\u200bb", "\ud800", "x" * 65,
    "\u00bd", "\u2167", "7\u2103", "\u0bf0",
)  # fmt: skip


def spellings(known: str) -> set[str]:
    """The ways in which people and tools write a known text."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in known)
    words = known.replace("/", " / ").replace("-", " - ")
    return {
        known, known.lower(), known.upper(), known.title(), f" {known}", f"{known}  ", f"\N{NO-BREAK SPACE}{known}",
        words, words.replace(" ", "  "), wide, unicodedata.normalize("NFD", known), known.replace("-", "\N{EN DASH}"),
    }  # fmt: skip


@pytest.mark.parametrize(("field", "known"), [*((SPECIALTY, s) for s in SPECIALTIES), *((PAYER, p) for p in PAYERS)])
def test_every_spelling_of_a_known_text_is_that_text(field: Field, known: str) -> None:
    for spelling in spellings(known):
        assert field.from_source(spelling) == known, spelling


@pytest.mark.parametrize("text", MISSING)
@pytest.mark.parametrize("field", [SPECIALTY, PAYER, DIAGNOSIS], ids=lambda field: field.name)
def test_what_says_that_it_is_not_known_is_missing(field: Field, text: str) -> None:
    assert field.from_source(text) == "missing"
    assert field.model_value(text) == "missing"


def test_each_word_for_missing_is_written_as_it_is_compared_and_is_tried() -> None:
    assert {essence(word) for word in MISSING_WORDS} == MISSING_WORDS
    assert {essence(text) for text in MISSING} - {""} >= MISSING_WORDS


@pytest.mark.parametrize("field", [SPECIALTY, PAYER], ids=lambda field: field.name)
def test_no_two_known_texts_are_one_and_none_is_a_word_for_missing(field: Field) -> None:
    known = field.categories
    assert len({essence(text) for text in known}) == len(known)
    assert not {essence(text) for text in known} & MISSING_WORDS


@pytest.mark.parametrize(
    "text", ["Dentistry", "other", "Other", "Cardiología", "Endocrinology", "ZZ", "2nd ward", "心"]
)
def test_other_is_a_real_text_that_is_not_known(text: str) -> None:
    assert SPECIALTY.from_source(text) == SPECIALTY.model_value(text) == "other"


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("field", [SPECIALTY, PAYER], ids=lambda field: field.name)
def test_what_names_nothing_is_refused_in_printable_words(field: Field, text: str) -> None:
    with pytest.raises(FieldError) as refused:
        field.from_source(text)
    assert refused.value.reason.isprintable() and len(refused.value.reason) < 800
    assert "a text with a letter, of up to 64 printable characters" in refused.value.reason


def test_a_number_is_told_why() -> None:
    with pytest.raises(FieldError, match="payer_code: a value is a number and names nothing") as refused:
        PAYER.model_value("042")
    assert refused.value.reason.startswith("'042' is a number and names nothing; send a text with a letter")
