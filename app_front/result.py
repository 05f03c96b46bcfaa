"""What the API answered, in words: the risk, where it stands against the threshold, and what to do when it fails."""

from collections.abc import Iterable

import streamlit as st

from app_front import sentences
from app_front.client import (
    ApiError,
    NotReady,
    ProductionModel,
    Refused,
    RefusedField,
    TooSlow,
    Unexpected,
    Unreachable,
)
from app_front.sentences import Language, percent, plain, say
from connections.settings import SYNTHETIC
from readmission.features import BY_NAME, DecidedGroup
from readmission.prediction import PredictionResponse

ANY_TIME = "any"
_COLOURS = {False: "#1f7a4d", True: "#b3401f"}


def show_model(found: ProductionModel | ApiError, language: Language) -> None:
    """Say which model is in production, or why that is not known."""
    if isinstance(found, NotReady):
        st.warning(f"{say(sentences.NO_MODEL, language)} {plain(found.message)}")
    elif isinstance(found, ApiError):
        show_error(found, language)
    else:
        st.markdown(say(sentences.MODEL, language, name=plain(found.name), version=plain(found.version)))
        if found.target == ANY_TIME:
            st.warning(say(sentences.ANY_TIME, language))
        if found.dataset == SYNTHETIC:
            st.warning(say(sentences.SYNTHETIC, language))


def show_prediction(answer: PredictionResponse, decided: Iterable[DecidedGroup], language: Language) -> None:
    """Show a prediction: probability, risk in words, threshold, model and id."""
    high = answer.prediction == 1
    with st.container(border=True):
        figure, sentence = st.columns([1, 3], vertical_alignment="center")
        figure.metric(say(sentences.PROBABILITY, language), percent(answer.probability, language))
        with sentence:
            st.html(_risk_html(answer, high, language))
        st.markdown(_explanation(answer, language))
        for group in decided:
            st.caption(_decided(group, language))
        st.info(say(sentences.NOT_A_DIAGNOSIS, language))
        if answer.dataset == SYNTHETIC:
            st.warning(say(sentences.SYNTHETIC, language))
        name, version = plain(answer.model_name), plain(answer.model_version)
        st.caption(say(sentences.TRACE, language, name=name, version=version, prediction_id=answer.prediction_id))


def show_error(error: ApiError, language: Language) -> None:
    """Say why there is no prediction and what to do."""
    if isinstance(error, Refused):
        st.error("\n\n".join([say(sentences.REFUSED, language), *_refusals(error, language)]))
    elif isinstance(error, NotReady):
        st.warning(say(sentences.NOT_READY, language, message=plain(error.message)))
    elif isinstance(error, Unreachable | TooSlow):
        text = sentences.TOO_SLOW if isinstance(error, TooSlow) else sentences.UNREACHABLE
        st.error(say(text, language, address=error.address))
    elif isinstance(error, Unexpected):
        st.error(say(sentences.UNEXPECTED, language, status=error.status, detail=plain(error.detail)))


def _explanation(answer: PredictionResponse, language: Language) -> str:
    lines = (
        say(sentences.LABEL, language, label=plain(answer.label)),
        say(sentences.EXPECTED, language, count=round(answer.probability * 100)),
        say(sentences.THRESHOLD, language, percent=percent(answer.threshold, language)),
    )
    return "\n\n".join(lines)


def _decided(group: DecidedGroup, language: Language) -> str:
    return say(
        sentences.CODE_DECIDED,
        language,
        field=say(group.group.texts.label, language),
        group=say(group.group.category_text(group.category), language),
        code=group.code,
    )


def _refusals(error: Refused, language: Language) -> list[str]:
    if not error.fields:
        return [plain(error.message)]
    return [f"- {_refusal(refused, language)}" for refused in error.fields]


def _refusal(refused: RefusedField, language: Language) -> str:
    """A field of a newer contract than the form's is told in the API's own words."""
    field = BY_NAME.get(refused.field)
    if field is None:
        return plain(f"{refused.field}: {refused.allowed or refused.message}")
    label, allowed = say(field.texts.label, language), plain(sentences.allowed(field, language))
    return say(sentences.REFUSED_FIELD, language, field=label, allowed=allowed)


def _risk_html(answer: PredictionResponse, high: bool, language: Language) -> str:
    """The risk in words over a bar from 0 to 100 % with a mark at the threshold; only our own text and numbers."""
    risk = sentences.risk(high, answer.probability, language)
    mark = say(sentences.THRESHOLD_MARK, language, percent=percent(answer.threshold, language))
    fill, at, colour = f"{answer.probability * 100:.1f}%", f"{answer.threshold * 100:.1f}%", _COLOURS[high]
    return f"""
<div style="font-size:1.6rem;font-weight:600;margin-bottom:.5rem;color:{colour}">{risk}</div>
<div role="img" aria-label="{risk}; {mark}"
     style="position:relative;height:1.1rem;border-radius:.4rem;background:#dfe7ea">
  <div style="width:{fill};height:100%;border-radius:.4rem;background:{colour}"></div>
  <div style="position:absolute;left:{at};top:-.25rem;height:1.6rem;border-left:3px solid #1c2b33"></div>
</div>
<div style="position:relative;height:1.4rem;font-size:.85rem;margin-top:.35rem">
  <span style="position:absolute;left:{at};padding-left:.3rem;white-space:nowrap">{mark}</span>
  <span style="position:absolute;right:0">100 %</span>
</div>"""
