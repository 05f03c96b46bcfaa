"""The page of who is not in: it asks who they are, and says nothing of the model, the service or a patient."""

from math import ceil

import streamlit as st

from app_front import login_sentences, page
from app_front.access import gate
from app_front.access.gate import Standing
from app_front.sentences import Language, plain, say

_PASSWORD = "password"


def draw(found: Standing, language: Language) -> None:
    """Draw it."""
    st.header(say(login_sentences.HEADER, language), anchor=False)
    st.markdown(say(login_sentences.ASKED, language))
    # page.js shows this where it was the browser that ended the session.
    with st.container(key="ended-now" if found is Standing.ENDED else "ended"):
        st.info(say(login_sentences.ENDED, language))
    if found is Standing.STRANGER:
        who = plain(gate.person()) or say(login_sentences.NOBODY, language)
        st.error(say(login_sentences.STRANGER, language, person=who))
        draw_log_out(language)
    elif gate.asks_a_provider():
        st.button(say(login_sentences.ENTER_ELSEWHERE, language), key="enter", type="primary", on_click=st.login)
    else:
        _draw_password(language)
    page.behave(None, (), language)


def draw_log_out(language: Language) -> None:
    """Draw the button that ends the session."""
    said, explained = say(login_sentences.LOG_OUT, language), say(login_sentences.LOG_OUT_HELP, language)
    st.button(said, key="log_out", help=explained, on_click=gate.log_out, width="stretch")
    if who := gate.person():
        st.caption(say(login_sentences.PERSON, language, person=plain(who)))


def _draw_password(language: Language) -> None:
    with st.form("log_in_form", width=480):
        st.text_input(
            say(login_sentences.PASSWORD, language),
            type="password",
            key=_PASSWORD,
            autocomplete="current-password",
        )
        st.form_submit_button(say(login_sentences.ENTER, language), key="enter", type="primary", on_click=_enter)
    if refused := gate.refusal():
        said = say(login_sentences.WAIT, language, seconds=ceil(refused.wait)) if refused.wait else None
        st.error(said or say(login_sentences.WRONG, language))


def _enter() -> None:
    given, st.session_state[_PASSWORD] = str(st.session_state.get(_PASSWORD, "")), ""
    gate.try_password(given)
