"""What the form says, in both languages."""

import string

import pytest

from app_front import sentences
from app_front.sentences import Language
from readmission.features import BY_NAME, FIELDS, Text

SENTENCES = {name: text for name, text in vars(sentences).items() if isinstance(text, Text)}


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("name", SENTENCES)
def test_both_languages_say_it_with_the_same_blanks(name: str) -> None:
    text = SENTENCES[name]
    assert text.es.strip()
    assert text.en.strip()
    assert blanks(text.es) == blanks(text.en)


def test_there_are_sentences() -> None:
    assert len(SENTENCES) > 30


@pytest.mark.parametrize(
    ("high", "probability", "language", "expected"),
    [
        (False, 0.0834, "es", "riesgo por debajo del umbral (8,3 %)"),
        (True, 0.2312, "es", "riesgo por encima del umbral (23,1 %)"),
        (False, 0.0834, "en", "risk below the threshold (8.3 %)"),
        (True, 0.2312, "en", "risk above the threshold (23.1 %)"),
        (False, 0.0, "es", "riesgo por debajo del umbral (0,0 %)"),
        (True, 1.0, "en", "risk above the threshold (100.0 %)"),
    ],
)
def test_risk_in_words(high: bool, probability: float, language: Language, expected: str) -> None:
    assert sentences.risk(high, probability, language) == expected


def test_allowed_values_are_said_in_the_language_of_the_form() -> None:
    assert sentences.allowed(BY_NAME["age"], "es") == "un número entero de 0 a 120"
    assert sentences.allowed(BY_NAME["gender"], "es") == "uno de: Mujer, Hombre"
    assert sentences.allowed(BY_NAME["gender"], "en") == "one of: Female, Male"
    assert sentences.allowed(BY_NAME["encounter_ref"], "en") == "up to 64 printable characters"


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_categories_of_a_field_read_differently(name: str) -> None:
    """A selectbox tells its options apart by their words."""
    field = BY_NAME[name]
    for language in ("es", "en"):
        shown = [sentences.say(field.category_text(category), language) for category in field.vocabulary]
        assert len(set(shown)) == len(shown)


def test_text_of_others_stays_as_it_is() -> None:
    assert sentences.plain("run `make demo` **now** <b>") == r"run \`make demo\` \*\*now\*\* \<b\>"
