"""The ward's form: an encounter in, the risk of readmission out. Run it with `streamlit run app_front/app.py`."""

from typing import cast

import streamlit as st

from app_front import form_state, result, sentences, widgets
from app_front.client import ApiError, PredictionClient, ProductionModel, Refused, RefusedField
from app_front.sentences import Language, say
from connections.settings import SettingsError, get_settings
from readmission.features import FIELDS, decided_groups
from readmission.prediction import PredictionResponse

_OUTCOME, _ASKED = "outcome", "asked"


def main() -> None:
    """Draw the page; every button runs its callback first, so the page shows what came of it."""
    form_state.start()
    language = form_state.language()
    st.set_page_config(page_title=say(sentences.TITLE, language), page_icon="🏥", layout="wide")
    # Enter would press the form's first button, which is the language switch.
    with st.form("encounter", border=False, enter_to_submit=False):
        _draw_head(language)
        _draw_fields(language)
        _draw_buttons(language)
    _draw_outcome(language)
    st.divider()
    st.caption(say(sentences.FOOTER, language))


def _client() -> PredictionClient:
    try:
        return PredictionClient(get_settings().prediction_api)
    except SettingsError as error:
        st.error(str(error))
        st.stop()


def _draw_head(language: Language) -> None:
    title, switch = st.columns([6, 1], vertical_alignment="center")
    other: Language = "en" if language == "es" else "es"
    title.title(say(sentences.TITLE, language), anchor=False)
    # A button of the form, because only those send what was entered and not submitted yet; one a language, so that
    # a double click does not switch back.
    switch.form_submit_button(
        say(sentences.SWITCH, language),
        key=f"switch_to_{other}",
        help=say(sentences.SWITCH_HELP, language),
        on_click=form_state.switch_language,
        args=(other,),
        width="stretch",
    )
    st.markdown(say(sentences.PURPOSE, language))
    result.show_model(_production_model(), language)


def _draw_fields(language: Language) -> None:
    refused = _refused_fields()
    widgets.draw_groups(widgets.original_groups(), language, refused)
    optional_refused = any(field.name in refused for field in FIELDS if field.optional)
    with st.expander(say(sentences.OPTIONAL, language), expanded=optional_refused):
        st.caption(say(sentences.OPTIONAL_HELP, language))
        widgets.draw_groups(widgets.optional_groups(), language, refused)


def _draw_buttons(language: Language) -> None:
    submit, clear, _ = st.columns([2, 1, 3])
    submit.form_submit_button(
        say(sentences.SUBMIT, language), key="submit", type="primary", on_click=_predict, width="stretch"
    )
    clear.form_submit_button(
        say(sentences.CLEAR, language),
        key="clear",
        help=say(sentences.CLEAR_HELP, language),
        on_click=_clear,
        width="stretch",
    )


def _draw_outcome(language: Language) -> None:
    outcome = _outcome()
    if isinstance(outcome, ApiError):
        result.show_error(outcome, language)
    elif outcome is not None:
        result.show_prediction(outcome, decided_groups(form_state.values()), language)


def _production_model() -> ProductionModel | ApiError:
    try:
        return _client().model()
    except ApiError as error:
        return error


def _outcome() -> PredictionResponse | ApiError | None:
    """The last outcome, unless what it answered has been changed since."""
    if st.session_state.get(_ASKED) != form_state.values():
        return None
    return cast(PredictionResponse | ApiError | None, st.session_state[_OUTCOME])


def _refused_fields() -> set[str]:
    outcome = _outcome()
    return {refused.field for refused in outcome.fields} if isinstance(outcome, Refused) else set()


def _predict() -> None:
    asked = form_state.values()
    st.session_state[_ASKED] = asked
    st.session_state[_OUTCOME] = _ask(asked)


def _ask(asked: form_state.Entered) -> PredictionResponse | ApiError:
    blanks = form_state.blanks(asked)
    if blanks:
        return Refused(fields=[RefusedField(field=field.name) for field in blanks])
    try:
        return _client().predict(form_state.request(asked))
    except ApiError as error:
        return error


def _clear() -> None:
    st.session_state.pop(_ASKED, None)
    form_state.clear()


if __name__ == "__main__":
    main()
