"""Why there is no prediction, in words: what is still to choose, what is refused, and what fails in the service."""

import streamlit as st

from app_front import sentences
from app_front.checks import Entered, Unfinished
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
from app_front.sentences import Language, plain, say
from connections.settings import SYNTHETIC
from readmission.features import BY_NAME, Field

ANY_TIME = "any"
_EXCERPT = 40


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


def show_unfinished(unfinished: Unfinished, entered: Entered, language: Language) -> None:
    """Name the fields that are still to choose, and those whose value is not allowed."""
    lines = []
    if unfinished.unchosen:
        names = ", ".join(say(field.texts.label, language) for field in unfinished.unchosen)
        lines.append(say(sentences.UNCHOSEN, language, fields=plain(names)))
    if unfinished.refused:
        lines.append(say(sentences.REFUSED, language))
        lines += [f"- {_refused(field, entered[field.name], language)}" for field in unfinished.refused]
    st.error("\n\n".join(lines))


def show_error(error: ApiError, language: Language) -> None:
    """Say why the service gave no prediction and what to do."""
    if isinstance(error, Refused):
        st.error("\n\n".join([say(sentences.REFUSED, language), *_refusals(error, language)]))
    elif isinstance(error, NotReady):
        st.warning(say(sentences.NOT_READY, language, message=plain(error.message)))
    elif isinstance(error, Unreachable | TooSlow):
        text = sentences.TOO_SLOW if isinstance(error, TooSlow) else sentences.UNREACHABLE
        st.error(say(text, language, address=error.address))
    elif isinstance(error, Unexpected):
        st.error(say(sentences.UNEXPECTED, language, status=error.status, detail=plain(error.detail)))


def _refusals(error: Refused, language: Language) -> list[str]:
    if not error.fields:
        return [plain(error.message)]
    return [f"- {_refused_by_service(refused, language)}" for refused in error.fields]


def _refused_by_service(refused: RefusedField, language: Language) -> str:
    """A field of a newer contract than the form's is told in the service's own words."""
    field = BY_NAME.get(refused.field)
    if field is None:
        return plain(f"{refused.field}: {refused.allowed or refused.message}")
    return _refused(field, None, language)


def _refused(field: Field, value: str | None, language: Language) -> str:
    text = sentences.REFUSED_VALUE if value else sentences.REFUSED_FIELD
    label, allowed = say(field.texts.label, language), plain(sentences.allowed(field, language))
    return say(text, language, field=label, allowed=allowed, value=plain((value or "")[:_EXCERPT]))
