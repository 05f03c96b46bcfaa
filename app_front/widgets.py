"""The widgets, each made from its field's contract, and how they are grouped."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import streamlit as st

from app_front import sentences
from app_front.checks import REQUIRED
from app_front.form_state import key
from app_front.sentences import Language, say
from readmission.features import BY_NAME, FIELDS, Field, Text


class Group(NamedTuple):
    """A column of the form: its heading, where it has one, and its fields."""

    title: Text | None
    fields: tuple[Field, ...]


class Section(NamedTuple):
    """A part of the form behind a fold: its title, what to know of it, and its columns."""

    title: Text
    help: Text
    groups: tuple[Group, ...]


_ESSENTIAL = (
    ("age", "time_in_hospital"),
    # The code says the same as the disposition, and more.
    ("discharge_disposition_id", "discharge_code"),
    ("number_inpatient", "number_emergency"),
    ("number_diagnoses", "num_medications"),
)
_STAY = ("gender", "admission_type_id", "admission_source_id")
_ACTIVITY = ("num_lab_procedures", "num_procedures", "number_outpatient")

_HISTORY = Section(
    sentences.HISTORY,
    sentences.HISTORY_HELP,
    tuple(Group(None, (field,)) for field in FIELDS if field.history),
)


def _named(names: Iterable[str]) -> tuple[Field, ...]:
    return tuple(BY_NAME[name] for name in names)


def essential() -> tuple[Group, ...]:
    """What must be chosen, in sight."""
    return tuple(Group(None, _named(names)) for names in _ESSENTIAL)


def folded(*, history: bool) -> tuple[Section, ...]:
    """What has usual values, what may be known besides, and what changes nothing; a new field joins by itself.

    `history`: whether the version that answers uses what is known of earlier stays; otherwise that is not asked for.
    """
    placed = {name for names in (*_ESSENTIAL, _STAY, _ACTIVITY) for name in names}
    placed |= {field.name for field in FIELDS if field.history}
    rest = tuple(field for field in FIELDS if field.name not in placed)
    used = tuple(field for field in rest if field.model)
    unused = tuple(field for field in rest if not field.model)
    others = (
        Group(sentences.STAY, _named(_STAY)),
        Group(sentences.ACTIVITY, _named(_ACTIVITY)),
        Group(sentences.DIABETES, tuple(field for field in used if not field.optional)),
    )
    return (
        Section(sentences.OTHERS, sentences.OTHERS_HELP, others),
        Section(sentences.OPTIONAL, sentences.OPTIONAL_HELP, _optional(field for field in used if field.optional)),
        *([_HISTORY] if history else []),
        Section(sentences.UNUSED, sentences.UNUSED_HELP, tuple(Group(None, unused[at::4]) for at in range(4))),
    )


def _optional(fields: Iterable[Field]) -> tuple[Group, ...]:
    fields = tuple(fields)
    codes = tuple(field for field in fields if field.decides)
    doses = tuple(field for field in fields if field.categories == BY_NAME["insulin"].categories)
    others = tuple(field for field in fields if field not in (*codes, *doses))
    half = (len(doses) + 1) // 2
    return (
        Group(sentences.CODES, codes),
        Group(sentences.DIAGNOSES, others),
        Group(sentences.DOSES, doses[:half]),
        Group(sentences.DOSES, doses[half:]),
    )


def draw_section(section: Section, language: Language, refused: Collection[str]) -> None:
    """Draw what is behind a fold, which is open while a field behind it is to be corrected."""
    wrong = any(field.name in refused for group in section.groups for field in group.fields)
    with st.expander(say(section.title, language), expanded=wrong):
        st.caption(say(section.help, language))
        draw_groups(section.groups, language, refused, folded=True)


def draw_groups(groups: Iterable[Group], language: Language, refused: Collection[str], *, folded: bool = False) -> None:
    """Draw each group in a column of its own; `refused` names the fields to correct."""
    groups = tuple(groups)
    for column, group in zip(st.columns(len(groups), border=True), groups, strict=True):
        with column:
            if group.title is not None:
                st.subheader(say(group.title, language), anchor=False)
            for field in group.fields:
                draw(field, language, folded)
                if field.name in refused:
                    allowed = sentences.plain(sentences.allowed(field, language))
                    st.markdown(f":red[{say(sentences.ALLOWS, language, allowed=allowed)}]")


def draw(field: Field, language: Language, folded: bool) -> None:
    """Draw the widget of one field; its value is the session's, under the field's key.

    Its help is in sight where everybody must pass, and behind a mark, which is a stop of the Tab key, elsewhere.
    """
    label, explanation = say(field.texts.label, language), say(field.texts.help, language)
    help_text = explanation if folded else None
    hint = say(sentences.CHOOSE if field.name in REQUIRED else sentences.BLANK, language)
    if field.kind == "category":
        st.selectbox(
            label,
            options(field),
            index=None if field.optional or field.name in REQUIRED else 0,
            format_func=lambda category: say(field.category_text(category), language),
            key=key(field),
            help=help_text,
            placeholder=hint,
        )
    else:
        st.text_input(label, key=key(field), help=help_text, placeholder=_range(field, hint), autocomplete="off")
    if not folded:
        st.caption(explanation)


def _range(field: Field, hint: str) -> str:
    return f"{field.minimum}-{field.maximum}" if field.kind == "number" else hint


def options(field: Field) -> tuple[str, ...]:
    """The categories to choose from, in the contract's order; an optional field's missing one is leaving it blank."""
    blank = field.missing if field.optional else None
    return tuple(category for category in field.vocabulary if category != blank)
