"""The widgets, each made from its field's contract, and how they are grouped in columns."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import streamlit as st

from app_front import sentences
from app_front.form_state import key
from app_front.sentences import Language, say
from readmission.features import (
    BY_NAME,
    ENCOUNTER_REF_LENGTH,
    OPTIONAL_FIELDS,
    ORIGINAL_FIELDS,
    Field,
    Text,
)


class Group(NamedTuple):
    """A column of the form: its heading and its fields."""

    title: Text
    fields: tuple[Field, ...]


_STAY = (
    "age", "gender", "race", "time_in_hospital", "admission_type_id", "admission_source_id",
    "discharge_disposition_id",
)  # fmt: skip
_ACTIVITY = (
    "num_lab_procedures", "num_procedures", "num_medications", "number_diagnoses", "number_outpatient",
    "number_emergency", "number_inpatient",
)  # fmt: skip


def _named(names: Iterable[str]) -> tuple[Field, ...]:
    return tuple(BY_NAME[name] for name in names)


def original_groups() -> tuple[Group, ...]:
    """The original fields in three columns; a field new to the contract joins the last one."""
    others = tuple(field for field in ORIGINAL_FIELDS if field.name not in (*_STAY, *_ACTIVITY))
    return (
        Group(sentences.STAY, _named(_STAY)),
        Group(sentences.ACTIVITY, _named(_ACTIVITY)),
        Group(sentences.DIABETES, others),
    )


def optional_groups() -> tuple[Group, ...]:
    """The optional fields in three columns: codes and diagnoses, doses the model uses, doses it does not."""
    doses = tuple(field for field in OPTIONAL_FIELDS if field.categories == BY_NAME["insulin"].categories)
    return (
        Group(sentences.CODES, tuple(field for field in OPTIONAL_FIELDS if field not in doses)),
        Group(sentences.DOSES, tuple(field for field in doses if field.model)),
        Group(sentences.RARE_DOSES, tuple(field for field in doses if not field.model)),
    )


def draw_groups(groups: Iterable[Group], language: Language, refused: Collection[str]) -> None:
    """Draw each group in a column of its own; `refused` names the fields to correct."""
    groups = tuple(groups)
    for column, group in zip(st.columns(len(groups), border=True), groups, strict=True):
        with column:
            st.subheader(say(group.title, language), anchor=False)
            for field in group.fields:
                draw(field, language)
                if field.name in refused:
                    allowed = sentences.plain(sentences.allowed(field, language))
                    st.markdown(f":red[{say(sentences.ALLOWS, language, allowed=allowed)}]")


def draw(field: Field, language: Language) -> None:
    """Draw the widget of one field; its value is the session's, under the field's key."""
    label, help_text = _label(field, language), _help(field, language)
    if field.kind == "number":
        st.number_input(
            label, min_value=field.minimum, max_value=field.maximum, value=None, step=1, key=key(field), help=help_text
        )
    elif field.kind == "category":
        _draw_category(field, language, label, help_text)
    else:
        length = ENCOUNTER_REF_LENGTH if field.kind == "reference" else None
        st.text_input(
            label, max_chars=length, key=key(field), help=help_text, placeholder=say(sentences.BLANK, language)
        )


def _draw_category(field: Field, language: Language, label: str, help_text: str) -> None:
    st.selectbox(
        label,
        options(field),
        index=None if field.optional else 0,
        format_func=lambda category: say(field.category_text(category), language),
        key=key(field),
        help=help_text,
        placeholder=say(sentences.BLANK, language),
    )


def options(field: Field) -> tuple[str, ...]:
    """The categories to choose from, in the contract's order; an optional field's missing one is leaving it blank."""
    blank = field.missing if field.optional else None
    return tuple(category for category in field.vocabulary if category != blank)


def _label(field: Field, language: Language) -> str:
    label = say(field.texts.label, language)
    return label if field.model else f"{label} :gray[· {say(sentences.UNUSED, language)}]"


def _help(field: Field, language: Language) -> str:
    sentence = say(field.texts.help, language)
    return sentence if field.model else f"{sentence} {say(sentences.UNUSED_HELP, language)}"
