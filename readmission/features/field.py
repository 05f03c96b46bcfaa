"""What a field of the contract is, and how it turns a text or a request's value into the model's."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from readmission.features import codes, icd9, spelling
from readmission.features.labels import FIELD_TEXTS, Texts, category_words
from readmission.features.source_columns import MISSING_MARK as MISSING_MARK
from readmission.features.source_columns import TEXT_LENGTH, read_integer
from readmission.features.text import Text

ENCOUNTER_REF_LENGTH = 64
OPEN_ALLOWED = f"a text with a letter, of up to {TEXT_LENGTH} printable characters"
LONGEST_SHOWN = 80

Kind = Literal["number", "category", "icd9", "reference"]
Value = str | float | None
Meaning = TypeVar("Meaning", str, int)


class FieldError(ValueError):
    """A value that the contract refuses; says the field and what it allows.

    The value is a patient's. `reason`, for who sent it, may quote it; the error's own text, which a log may hold, not.
    """

    def __init__(self, field: str, rule: str, reason: str | None = None) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule
        self.reason = reason or rule

    @classmethod
    def of(cls, field: str, value: object, rule: str) -> "FieldError":
        """The error for a value, which the rule has as its subject."""
        return cls(field, f"a value {rule}", f"{shown(value)} {rule}")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its type, what it allows, where it comes from and whether the model uses it.

    A closed category refuses what is not in `categories`; an open one (`other` set) counts it as `other`, after it
    was read by the rule of `spelling`.
    `missing` is the category of a value that is not known, and is a category of its own; `blank` is what an optional
    number counts as where it is not sent.
    `excluded` is what the source holds and no encounter of ours may: such rows are left out of the prepared data.
    A raw code `decides` another field: that one's value is then what its `groups` give for the code, and it names the
    code's field as `raw_code`.
    The risk of a forest never falls where an `increasing` number rises.
    What is `changeable` is decided by the ward, at the discharge itself.
    `history` is told of a patient's earlier stays; only versions that were trained with it use it.
    """

    name: str
    kind: Kind
    source: str | None = None
    default: str | int | None = None
    minimum: int | None = None
    maximum: int | None = None
    categories: tuple[str, ...] = ()
    missing: str | None = None
    blank: float | None = None
    other: str | None = None
    excluded: frozenset[str] = frozenset()
    groups: Mapping[str, str] | None = None
    decides: str | None = None
    raw_code: str | None = None
    optional: bool = False
    model: bool = True
    increasing: bool = False
    changeable: bool = False
    history: bool = False

    @property
    def texts(self) -> Texts:
        """What a person reads of this field, in Spanish and English."""
        return FIELD_TEXTS[self.name]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Every category the model can meet, in the order of its one-hot columns."""
        known = icd9.ICD9_GROUPS if self.kind == "icd9" else self.categories
        extra = (value for value in (self.other, self.missing) if value is not None and value not in known)
        return (*known, *extra)

    @property
    def allowed(self) -> str:
        """What a request may hold, in words."""
        if self.kind == "number":
            return f"a whole number from {self.minimum} to {self.maximum}"
        if self.kind == "icd9":
            return icd9.ICD9_ALLOWED
        if self.kind == "reference":
            return f"up to {ENCOUNTER_REF_LENGTH} printable characters"
        known = ", ".join(self.vocabulary)
        return f"{OPEN_ALLOWED} (known: {known})" if self.other else f"one of {known}"

    @property
    def may_be_blank(self) -> bool:
        """Whether a request may hold null or an empty text."""
        return self.optional or self.missing is not None

    @property
    def reads_spellings(self) -> bool:
        """Whether texts have no closed list, so that a spelling of theirs must be read before it says anything."""
        return self.other is not None or self.kind == "icd9"

    def category_text(self, category: str) -> Text:
        """The words for one of the field's categories."""
        return category_words(self.name, category)

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
        """The model's value for a request's value: blank becomes the missing category or `blank`, ICD-9 its group.

        Raises:
            FieldError: the contract does not allow the value.
        """
        if self.kind == "reference":
            return self._reference("" if value is None else str(value))
        if value is None or value == "":
            return self._of_nothing()
        if self.kind == "number":
            return self._number(value)
        text = text_of(value)
        if text in self.categories:
            return text
        if self.reads_spellings:
            return self._read(text)
        if text not in self.vocabulary:
            raise self._not_allowed(value)
        return text

    def refuse_raw_code(self, value: object) -> None:
        """Raises FieldError when a group was sent as a number, which is a raw code and has a field of its own."""
        if self.raw_code and isinstance(value, str | int | float) and read_integer(value) is not None:
            known = ", ".join(self.vocabulary)
            raise FieldError.of(self.name, value, f"is a raw code: send it as {self.raw_code}, or here one of {known}")

    def _of_nothing(self) -> str | float:
        value = self.blank if self.missing is None else self.missing
        if value is None:
            raise FieldError(self.name, f"is required: {self.allowed}")
        return value

    def _number(self, value: str | float) -> float:
        number = read_integer(value)
        assert self.minimum is not None and self.maximum is not None
        if number is None or not self.minimum <= number <= self.maximum:
            raise self._not_allowed(value)
        return float(number)

    def _reference(self, text: str) -> str:
        if len(text) > ENCOUNTER_REF_LENGTH or not spelling.is_printable(text):
            raise self._not_allowed(text)
        return text

    def _read(self, text: str) -> str:
        """The category that a text without a closed list stands for, by the rule of `spelling`."""
        assert self.missing is not None
        if len(text) > TEXT_LENGTH or not spelling.is_printable(text):
            raise self._not_allowed(text)
        if spelling.is_missing(text):
            return self.missing
        return self._icd9(text) if self.other is None else self._known(text, self.other)

    def _known(self, text: str, other: str) -> str:
        if spelling.is_only_numbers(text):
            raise FieldError.of(self.name, text, f"is a number and names nothing; send {self.allowed}")
        return self._spellings.get(spelling.essence(text), other)

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        return {spelling.essence(category): category for category in self.vocabulary}

    def _icd9(self, text: str) -> str:
        try:
            return icd9.icd9_group(text)
        except icd9.CodeError as error:
            raise FieldError.of(self.name, text, str(error)) from error

    def _not_allowed(self, value: object) -> FieldError:
        self.refuse_raw_code(value)
        return FieldError.of(self.name, value, f"is not allowed; send {self.allowed}")


def text_of(value: str | float) -> str:
    """A code that was sent as a number, as it is written: 6 and 6.0 are "6", 250.83 is "250.83"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def shown(value: object) -> str:
    """A refused value as a message may quote it: printable and short."""
    quoted = repr(value)
    return quoted if len(quoted) <= LONGEST_SHOWN else f"{quoted[:LONGEST_SHOWN]}…"


def _meaning(meanings: Mapping[str, Meaning], text: str, field: str) -> Meaning:
    if text not in meanings:
        raise FieldError.of(field, text, f"is unknown; known: {', '.join(meanings)}")
    return meanings[text]
