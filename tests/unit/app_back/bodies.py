"""Bodies of `POST /predict`, good, bad and on the edge between, for properties that hold of every one."""

from typing import Any

from hypothesis import strategies as st

from readmission.features import BY_NAME, FIELDS, ICD9_PATTERN, MISSING_WORDS, TEXT_LENGTH, Field

BLANK = st.sampled_from([None, ""])
TEXTS = st.text(max_size=TEXT_LENGTH + 2) | st.text("\x00\t \u200b\u202e\ue000,-?٣²½一aV9.", max_size=5)
NUMBERS = st.integers(-2, 1_001) | st.integers() | st.floats() | st.integers(0, 99_999).map(lambda cents: cents / 100)
MARKS = st.text(" ./-_<>#—", max_size=2)
NOT_VALUES: st.SearchStrategy[Any] = st.booleans() | st.lists(st.integers(), max_size=1) | st.just({})


def _numbers(field: Field) -> st.SearchStrategy[Any]:
    whole = st.integers(field.minimum or 0, field.maximum)
    return whole | whole.map(float) | whole.map(str)


def _categories(field: Field) -> st.SearchStrategy[Any]:
    known = st.sampled_from(field.vocabulary)
    raw = st.integers(0, 31)
    return known | known.map(str.lower) | known.map(lambda text: f"{text} ") | raw | raw.map(str) | raw.map(float)


@st.composite
def _diagnoses(draw: st.DrawFn) -> str:
    code = st.from_regex(ICD9_PATTERN, fullmatch=True).map(str.lower) | st.from_regex(ICD9_PATTERN, fullmatch=True)
    word = st.sampled_from(sorted(MISSING_WORDS))
    written = draw(code | word | word.map(str.upper) | st.sampled_from(["E11.9", "I50", "0", "250.", "V00", "428²"]))
    return f"{draw(MARKS)}{written}{draw(MARKS)}"


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "number":
        return _numbers(field)
    if field.kind == "category":
        return _categories(field)
    return _diagnoses() if field.kind == "icd9" else TEXTS


def value(field: Field) -> st.SearchStrategy[Any]:
    """A value that may be sent in a field: most are the field's own, some are no value of any."""
    return st.one_of(_values(field), _values(field), BLANK, TEXTS, NUMBERS, NOT_VALUES)


BODIES = st.lists(st.sampled_from(sorted(BY_NAME)), unique=True, max_size=6).flatmap(
    lambda names: st.fixed_dictionaries({name: value(BY_NAME[name]) for name in names})
)
# The codes and their groups together, so that many agree and many contradict each other.
CODED = st.fixed_dictionaries(
    {},
    optional={
        field.name: _categories(field) | st.sampled_from(field.vocabulary) | BLANK
        for field in FIELDS
        if field.decides or field.raw_code
    },
)
