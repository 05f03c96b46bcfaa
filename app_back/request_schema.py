"""What a request may hold, as JSON Schema: made from the feature contract, and as narrow as what is accepted.

What the schema allows is accepted. Two ways to write a diagnosis are accepted that the schema leaves out, for a pattern
would have no end: wide characters in a code, and rarer Unicode forms of the words that say *not known*.
"""

import re
from typing import Any

from readmission.features import (
    BY_NAME,
    ENCOUNTER_REF_LENGTH,
    FIELDS,
    ICD9_PATTERN,
    MISSING_WORDS,
    TEXT_LENGTH,
    Field,
)

Schema = dict[str, Any]

# In the words of ECMA 262, which JSON Schema's patterns are in. What stands in neither is no printable character.
_SPACES = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_MARKS = rf"\p{{M}}\p{{P}}\p{{S}}{_SPACES}"
_ANY = rf"[\p{{L}}\p{{N}}{_MARKS}]*"
_REFERENCE = f"^{_ANY}$"
_A_LETTER_OR_NO_NUMBER = rf"^(?:{_ANY}\p{{L}}{_ANY}|[{_MARKS}]*)$"


def field_schema(field: Field) -> Schema:
    """The schema of a field's value; null and the empty text are blanks."""
    blank: list[Schema] = [{"type": "null"}] if field.may_be_blank else []
    possible = [*_values(field), *blank]
    return possible[0] if len(possible) == 1 else {"anyOf": possible}


def contradictions() -> list[Schema]:
    """What the schema of one field cannot say and is refused: a raw code with another group than its own."""
    return [
        _contradiction(code, group, category)
        for code in FIELDS
        if code.decides is not None
        for group in [BY_NAME[code.decides]]
        for category in group.vocabulary
    ]


def _values(field: Field) -> list[Schema]:
    if field.kind == "number":
        blank: list[Schema] = [{"type": "string", "enum": [""]}] if field.may_be_blank else []
        return [{"type": "integer", "minimum": field.minimum, "maximum": field.maximum}, *blank]
    if field.kind == "reference":
        return [_text(ENCOUNTER_REF_LENGTH, _REFERENCE)]
    if field.kind == "icd9":
        code = {"type": "number", "minimum": 1, "exclusiveMaximum": 1000, "multipleOf": 0.01}
        return [_text(TEXT_LENGTH, _diagnosis()), code]
    if field.other is not None:
        return [_text(TEXT_LENGTH, _A_LETTER_OR_NO_NUMBER)]
    texts = [*field.vocabulary, *([""] if field.may_be_blank else [])]
    numbers = [{"type": "integer", "enum": [int(code) for code in field.categories]}] if field.decides else []
    return [{"type": "string", "enum": texts}, *numbers]


def _text(length: int, pattern: str) -> Schema:
    return {"type": "string", "maxLength": length, "pattern": pattern}


def _diagnosis() -> str:
    """An ICD-9 code in any case, with spaces around it, or a text that says that the diagnosis is not known."""
    code = re.sub("[EV]", lambda letter: f"[{letter[0]}{letter[0].lower()}]", ICD9_PATTERN)
    words = "|".join(_any_spelling(word) for word in sorted(MISSING_WORDS))
    return rf"^(?:[{_SPACES}]*(?:{code})[{_SPACES}]*|[{_MARKS}]*(?:{words})?)$"


def _any_spelling(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}][{_MARKS}]*" for letter in word)


def _contradiction(code: Field, group: Field, category: str) -> Schema:
    assert group.groups is not None
    codes = [known for known in code.categories if group.groups[known] == category]
    others = [other for other in group.vocabulary if other != category]
    sent = {code.name: {"enum": [*codes, *map(int, codes)]}, group.name: {"enum": others}}
    return {"required": [*sent], "properties": sent}
