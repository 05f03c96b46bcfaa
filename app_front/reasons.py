"""Why a risk is what it is, on the page: what raises it, what lowers it, and what another value would change."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

import streamlit as st

from app_front import sentences
from app_front.form_state import Answered
from app_front.sentences import Language, percent, plain, points, say
from readmission.features import BY_NAME, Text, decided_groups
from readmission.prediction import Reason, Reasons, Variant, WhatIfResponse

_COLOURS = {False: "#1f6a43", True: "#a03517"}


def show_reasons(answered: Answered, language: Language) -> None:
    """Show the fields that raise and lower the risk most; nothing where the service told none."""
    reasons = answered.response.reasons
    if reasons is None:
        return
    st.subheader(say(sentences.WHY, language), anchor=False)
    st.markdown(say(sentences.WHY_HELP, language, base=percent(reasons.base, language)))
    largest = max((abs(each.contribution) for each in (*reasons.raises, *reasons.lowers)), default=1.0)
    values = _values(answered, language)
    for column, title, told in zip(st.columns(2), *_lists(reasons), strict=True):
        with column:
            lines = "".join(_line(each, values, largest, language) for each in told)
            st.html(f"<p><strong>{say(title, language)}</strong></p><ul style='list-style:none;padding:0'>{lines}</ul>")


def show_what_if(answered: Answered, found: WhatIfResponse, language: Language) -> None:
    """Show the risk with each other value, by field, beside the risk that was answered."""
    if found.model_version != answered.response.model_version:
        st.info(say(sentences.OTHER_VERSION, language))
        return
    st.markdown(say(sentences.WHAT_IF_HELP, language))
    known = [variant for variant in found.variants if variant.field in BY_NAME]
    for name, variants in groupby(known, key=lambda variant: variant.field):
        lines = [_changed(variant, answered.response.probability, language) for variant in variants]
        st.markdown("\n".join([f"**{plain(say(BY_NAME[name].texts.label, language))}**", "", *lines]))


def _lists(reasons: Reasons) -> tuple[Sequence[Text], Sequence[Sequence[Reason]]]:
    return (sentences.RAISES, sentences.LOWERS), (reasons.raises, reasons.lowers)


def _values(answered: Answered, language: Language) -> dict[str, str]:
    """Each field's value as it was entered, or as its code decided it, in the page's language."""
    decided = {group.group.name: group.category for group in decided_groups(answered.entered)}
    entered = {name: (value or "").strip() for name, value in answered.entered.items()} | decided
    return {
        name: sentences.value(BY_NAME[name], value, language) if value else say(sentences.BLANK, language)
        for name, value in entered.items()
    }


def _line(reason: Reason, values: dict[str, str], largest: float, language: Language) -> str:
    """A field with its points and a bar; a field of a newer contract than the form's in the service's own words."""
    field = BY_NAME.get(reason.field)
    name = reason.name if field is None else say(field.texts.label, language)
    value = values.get(reason.field, reason.value)
    width, colour = abs(reason.contribution) / largest * 100, _COLOURS[reason.contribution > 0]
    return f"""
<li style="margin-bottom:.5rem">{escape(name)}: <strong>{escape(value)}</strong>
  <span style="white-space:nowrap">({points(reason.contribution, language)})</span>
  <div aria-hidden="true" style="height:.45rem;width:{width:.1f}%;border-radius:.2rem;background:{colour}"></div>
</li>"""


def _changed(variant: Variant, answered: float, language: Language) -> str:
    value = plain(sentences.value(BY_NAME[variant.field], variant.category, language))
    change = points(variant.probability - answered, language)
    return f"- {value}: **{percent(variant.probability, language)}** ({change})"
