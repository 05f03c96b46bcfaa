"""What a field of the contract is, and how it turns a text or a request's value into the model's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from readmission.features import codes
from readmission.features.labels import CATEGORY_TEXTS, FIELD_TEXTS, Text, Texts
from readmission.features.source_columns import MISSING_MARK as MISSING_MARK
from readmission.features.source_columns import read_integer

ENCOUNTER_REF_LENGTH = 64

Kind = Literal["number", "category", "icd9", "reference"]
Value = str | float | None
Meaning = TypeVar("Meaning", str, int)


class FieldError(ValueError):
    """A value that the contract refuses; says the field and what it allows."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its type, what it allows, where it comes from and whether the model uses it.

    A closed category refuses what is not in `categories`; an open one (`other` set) counts it as `other`.
    `missing` is the category of a value that is not known, and is a category of its own.
    `excluded` is what the source holds and no encounter of ours may: such rows are left out of the prepared data.
    A raw code `decides` another field: that one's value is then what its `groups` give for the code.
    """

    name: str
    kind: Kind
    source: str | None = None
    default: str | int | None = None
    minimum: int | None = None
    maximum: int | None = None
    categories: tuple[str, ...] = ()
    missing: str | None = None
    other: str | None = None
    excluded: frozenset[str] = frozenset()
    groups: Mapping[str, str] | None = None
    decides: str | None = None
    optional: bool = False
    model: bool = True

    @property
    def texts(self) -> Texts:
        """What a person reads of this field, in Spanish and English."""
        return FIELD_TEXTS[self.name]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Every category the model can meet, in the order of its one-hot columns."""
        known = codes.ICD9_GROUPS if self.kind == "icd9" else self.categories
        extra = (value for value in (self.other, self.missing) if value is not None and value not in known)
        return (*known, *extra)

    @property
    def allowed(self) -> str:
        """What a request may hold, in words."""
        if self.kind == "number":
            return f"a whole number from {self.minimum} to {self.maximum}"
        if self.kind == "icd9":
            return codes.ICD9_ALLOWED
        if self.kind == "reference":
            return f"up to {ENCOUNTER_REF_LENGTH} characters"
        known = ", ".join(self.vocabulary)
        return f"any text (known: {known})" if self.other else f"one of {known}"

    def category_text(self, category: str) -> Text:
        """The words for one of the field's categories."""
        return CATEGORY_TEXTS.get(category, Text(es=category, en=category))

    def from_source(self, text: str) -> str | float:
        """The model's value for the CSV's text: `?` becomes the missing category, codes their group.

        Raises:
            FieldError: the text is not what the source column allows.
        """
        if text == MISSING_MARK and self.missing is not None:
            return self.missing
        if self.groups is not None:
            return _meaning(self.groups, text, self.name)
        if self.name == "age":
            return float(_meaning(codes.AGE_MIDPOINTS, text, self.name))
        return self.model_value(text)

    def model_value(self, value: Value) -> str | float:
        """The model's value for a request's value: blank becomes the missing category, ICD-9 its group.

        Raises:
            FieldError: the contract does not allow the value.
        """
        if value is None or value == "":
            if self.missing is None:
                raise FieldError(self.name, f"is required: {self.allowed}")
            return self.missing
        if self.kind == "number":
            return self._number(value)
        text = str(value)
        if self.kind == "icd9":
            return self._icd9(text)
        if text in self.vocabulary:
            return text
        if self.other is None:
            raise FieldError(self.name, f"{text!r} is not allowed; send {self.allowed}")
        return self.other

    def _number(self, value: str | float) -> float:
        number = read_integer(value)
        assert self.minimum is not None and self.maximum is not None
        if number is None or not self.minimum <= number <= self.maximum:
            raise FieldError(self.name, f"{value!r} is not allowed; send {self.allowed}")
        return float(number)

    def _icd9(self, text: str) -> str:
        if text == self.missing:
            return text
        try:
            return codes.icd9_group(text)
        except ValueError as error:
            raise FieldError(self.name, str(error)) from error


def _meaning(meanings: Mapping[str, Meaning], text: str, field: str) -> Meaning:
    if text not in meanings:
        raise FieldError(field, f"{text!r} is unknown; known: {', '.join(meanings)}")
    return meanings[text]
