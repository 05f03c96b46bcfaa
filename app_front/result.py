"""A prediction in words: the risk, where it stands against the threshold, and what it was computed from."""

from collections.abc import Iterable

import streamlit as st

from app_front import sentences
from app_front.checks import REQUIRED, Entered
from app_front.form_state import Answered, initial
from app_front.reasons import show_reasons
from app_front.sentences import Language, percent, plain, say
from connections.settings import SYNTHETIC
from readmission.features import FIELDS, DecidedGroup, Field, Text, decided_groups
from readmission.prediction import PredictionResponse

_COLOURS = {False: "#1f6a43", True: "#a03517"}


def show_prediction(answered: Answered, language: Language) -> None:
    """Show a prediction: probability, risk in words, threshold, inputs, model and id."""
    answer = answered.response
    high = answer.prediction == 1
    risk = sentences.risk(high, answer.probability, language)
    st.header(say(sentences.RESULT, language, risk=risk), anchor=False)
    figure, sentence = st.columns([1, 3], vertical_alignment="center")
    figure.metric(say(sentences.PROBABILITY, language), percent(answer.probability, language))
    with sentence:
        st.html(_bar_html(answer, high, language))
    st.markdown(_explanation(answer, language))
    st.markdown(_inputs(answered.entered, language))
    for group in decided_groups(answered.entered):
        st.caption(_decided(group, language))
    show_reasons(answered, language)
    st.info(say(sentences.NOT_A_DIAGNOSIS, language))
    if answer.dataset == SYNTHETIC:
        st.warning(say(sentences.SYNTHETIC, language))
    name, version = plain(answer.model_name), plain(answer.model_version)
    st.caption(say(sentences.TRACE, language, name=name, version=version, prediction_id=answer.prediction_id))


def _explanation(answer: PredictionResponse, language: Language) -> str:
    lines = (
        say(sentences.EXPECTED, language, count=round(answer.probability * 100)),
        say(sentences.THRESHOLD, language, percent=percent(answer.threshold, language)),
    )
    return "\n\n".join(lines)


def _inputs(entered: Entered, language: Language) -> str:
    """What the model was given: first what somebody chose, then what was left at its usual value."""
    decided = {group.group.name for group in decided_groups(entered)}
    counted = [field for field in FIELDS if field.model and entered[field.name] and field.name not in decided]
    chosen = [field for field in counted if field.name in REQUIRED or entered[field.name] != initial(field)]
    assumed = [field for field in counted if field not in chosen]
    told = [_told(sentences.CHOSEN, chosen, entered, language), _told(sentences.ASSUMED, assumed, entered, language)]
    return "\n\n".join(told)


def _told(title: Text, fields: Iterable[Field], entered: Entered, language: Language) -> str:
    values = (
        f"{plain(say(field.texts.label, language))}: "
        f"**{plain(sentences.value(field, (entered[field.name] or '').strip(), language))}**"
        for field in fields
    )
    return f"{say(title, language)}: {' · '.join(values)}"


def _decided(group: DecidedGroup, language: Language) -> str:
    return say(
        sentences.CODE_DECIDED,
        language,
        field=say(group.group.texts.label, language),
        group=say(group.group.category_text(group.category), language),
        code=group.code,
    )


def _bar_html(answer: PredictionResponse, high: bool, language: Language) -> str:
    """A bar from 0 to 100 % with a mark at the threshold; only our own text and numbers."""
    risk = sentences.risk(high, answer.probability, language)
    mark = say(sentences.THRESHOLD_MARK, language, percent=percent(answer.threshold, language))
    fill, at, colour = f"{answer.probability * 100:.1f}%", f"{answer.threshold * 100:.1f}%", _COLOURS[high]
    return f"""
<div role="img" aria-label="{risk}; {mark}"
     style="position:relative;height:1.1rem;border-radius:.4rem;background:#dfe7ea">
  <div style="width:{fill};height:100%;border-radius:.4rem;background:{colour}"></div>
  <div style="position:absolute;left:{at};top:-.25rem;height:1.6rem;border-left:3px solid #1c2b33"></div>
</div>
<div style="position:relative;height:1.4rem;font-size:.85rem;margin-top:.35rem">
  <span style="position:absolute;left:{at};padding-left:.3rem;white-space:nowrap">{mark}</span>
  <span style="position:absolute;right:0">100 %</span>
</div>"""
