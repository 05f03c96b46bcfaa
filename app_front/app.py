"""The ward's form: an encounter in, the risk of readmission out. `python -m app_front` shows it."""

import streamlit as st

from app_front import errors, form_state, login_page, page, sentences, widgets
from app_front.access import gate
from app_front.access.gate import Standing
from app_front.checks import Entered, Unfinished, check, request
from app_front.client import ApiError, PredictionClient, ProductionModel, Refused
from app_front.form_state import Answered, Outcome, Withdrawn
from app_front.reasons import show_what_if
from app_front.result import show_prediction
from app_front.sentences import Language, say
from connections.settings import SettingsError, get_settings
from readmission.prediction import WhatIfResponse


def main() -> None:
    """Draw the page; every button runs its callback first, so the page shows what came of it."""
    language = form_state.language()
    st.set_page_config(page_title=say(sentences.TITLE, language), page_icon="🏥", layout="wide")
    page.style()
    try:
        found = gate.standing()
    except SettingsError as error:
        st.error(str(error))
        st.stop()
    _draw_title(language, found)
    if found is Standing.IN:
        _draw_form(language)
    else:
        gate.forget()
        login_page.draw(found, language)


def _draw_form(language: Language) -> None:
    form_state.start()
    outcome, seconds = form_state.outcome(), gate.use()
    _draw_model(language)
    with st.container(key="encounter"):
        _draw_fields(language, _refused_fields(outcome))
        _draw_buttons(language)
    _draw_outcome(outcome, language)
    st.divider()
    _draw_card(language)
    st.caption(say(sentences.FOOTER, language))
    page.behave(outcome, _refused_fields(outcome), language, seconds)


def _client() -> PredictionClient:
    settings = get_settings()
    return PredictionClient(settings.prediction_api, settings.form_api_key.get_secret_value())


def _draw_title(language: Language, found: Standing) -> None:
    title, leave, switch = st.columns([5, 1, 1], vertical_alignment="center")
    other: Language = "en" if language == "es" else "es"
    title.title(say(sentences.TITLE, language), anchor=False)
    if found is Standing.IN and gate.asks():
        with leave:
            login_page.draw_log_out(language)
    # A button a language, so that a double click does not switch back.
    switch.button(
        say(sentences.SWITCH, language),
        key=f"switch_to_{other}",
        help=say(sentences.SWITCH_HELP, language),
        on_click=form_state.switch_language,
        args=(other,),
        width="stretch",
    )


def _draw_model(language: Language) -> None:
    st.markdown(say(sentences.PURPOSE, language))
    found = form_state.model()
    errors.show_model(_look_up_model() if found is None else found, language)


def _draw_fields(language: Language, refused: set[str]) -> None:
    st.header(say(sentences.ESSENTIAL, language), anchor=False)
    widgets.draw_groups(widgets.essential(), language, refused)
    found = form_state.model()
    history = isinstance(found, ProductionModel) and found.uses_history
    for section in widgets.folded(history=history):
        widgets.draw_section(section, language, refused)


def _draw_buttons(language: Language) -> None:
    submit, clear, _ = st.columns([2, 1, 3])
    submit.button(say(sentences.SUBMIT, language), key="submit", type="primary", on_click=_predict, width="stretch")
    clear.button(
        say(sentences.CLEAR, language),
        key="clear",
        help=say(sentences.CLEAR_HELP, language),
        on_click=_clear,
        width="stretch",
    )


def _draw_outcome(outcome: Outcome | None, language: Language) -> None:
    """Each press draws in a container of its own name, by which the browser knows it from the one before."""
    with st.container(key="withdrawn" if isinstance(outcome, Answered) else "withdrawn-now"):
        if isinstance(outcome, Answered | Withdrawn):
            st.info(say(sentences.WITHDRAWN, language))
    with st.container(key=page.outcome_key(outcome), border=isinstance(outcome, Answered)):
        if isinstance(outcome, Answered):
            show_prediction(outcome, language)
            _draw_what_if(outcome, language)
        elif isinstance(outcome, Unfinished):
            errors.show_unfinished(outcome, form_state.values(), language)
        elif isinstance(outcome, ApiError):
            errors.show_error(outcome, language)


def _draw_card(language: Language) -> None:
    """The version's card, from the press of its button to the next press of any."""
    if not st.button(say(sentences.CARD, language), key="card", type="tertiary"):
        return
    try:
        found = _client().card()
    except ApiError as error:
        errors.show_error(error, language)
    else:
        with st.container(border=True):
            st.markdown(found or say(sentences.NO_CARD, language))


def _draw_what_if(answered: Answered, language: Language) -> None:
    found = answered.what_if
    if found is None:
        st.button(say(sentences.WHAT_IF, language), key="what_if", on_click=_what_if)
    elif isinstance(found, ApiError):
        errors.show_error(found, language)
    else:
        with st.expander(say(sentences.WHAT_IF, language), expanded=True):
            show_what_if(answered, found, language)


def _refused_fields(outcome: Outcome | None) -> set[str]:
    if isinstance(outcome, Unfinished):
        return {field.name for field in outcome.refused}
    return {refused.field for refused in outcome.fields} if isinstance(outcome, Refused) else set()


def _look_up_model() -> ProductionModel | ApiError:
    try:
        found: ProductionModel | ApiError = _client().model()
    except ApiError as error:
        found = error
    form_state.keep_model(found)
    return found


@gate.only_inside
def _predict() -> None:
    asked = form_state.values()
    form_state.keep(asked, check(asked) or _ask(asked))


def _ask(asked: Entered) -> Answered | ApiError:
    try:
        return Answered(asked, _client().predict(request(asked)))
    except ApiError as error:
        return error
    finally:
        _look_up_model()


@gate.only_inside
def _what_if() -> None:
    """Of the risk that is shown; none where something was changed since."""
    answered = form_state.outcome()
    if isinstance(answered, Answered):
        try:
            found: WhatIfResponse | ApiError = _client().what_if(request(answered.entered))
        except ApiError as error:
            found = error
        form_state.keep_what_if(answered, found)


@gate.only_inside
def _clear() -> None:
    form_state.clear()
    _look_up_model()


if __name__ == "__main__":
    main()
