"""The ward's form: an encounter in, the risk of readmission out. Run it with `streamlit run app_front/app.py`."""

from typing import cast

import streamlit as st

from app_front import entered, fields, result, words
from app_front.client import ApiError, Prediction, PredictionClient, ProductionModel, Refused, RefusedField
from app_front.words import Language, say
from connections.settings import get_settings
from readmission.features import FIELDS

_OUTCOME, _ASKED = "outcome", "asked"


def main() -> None:
    """Draw the page; every button runs its callback first, so the page shows what came of it."""
    entered.start()
    language = entered.language()
    st.set_page_config(page_title=say(words.TITLE, language), page_icon="🏥", layout="wide")
    # Enter would press the form's first button, which is the language switch.
    with st.form("encounter", border=False, enter_to_submit=False):
        _draw_head(language)
        _draw_fields(language)
        _draw_buttons(language)
    _draw_outcome(language)
    st.divider()
    st.caption(say(words.FOOTER, language))


def _client() -> PredictionClient:
    return PredictionClient(get_settings().prediction_api)


def _draw_head(language: Language) -> None:
    title, switch = st.columns([6, 1], vertical_alignment="center")
    other: Language = "en" if language == "es" else "es"
    title.title(say(words.TITLE, language), anchor=False)
    # A button of the form, because only those send what was entered and not submitted yet; one a language, so that
    # a double click does not switch back.
    switch.form_submit_button(
        say(words.SWITCH, language),
        key=f"switch_to_{other}",
        help=say(words.SWITCH_HELP, language),
        on_click=entered.switch_language,
        args=(other,),
        width="stretch",
    )
    st.markdown(say(words.PURPOSE, language))
    result.show_model(_production_model(), language)


def _draw_fields(language: Language) -> None:
    refused = _refused_fields()
    fields.draw_groups(fields.original_groups(), language, refused)
    optional_refused = any(field.name in refused for field in FIELDS if field.optional)
    with st.expander(say(words.OPTIONAL, language), expanded=optional_refused):
        st.caption(say(words.OPTIONAL_HELP, language))
        fields.draw_groups(fields.optional_groups(), language, refused)


def _draw_buttons(language: Language) -> None:
    submit, clear, _ = st.columns([2, 1, 3])
    submit.form_submit_button(
        say(words.SUBMIT, language), key="submit", type="primary", on_click=_predict, width="stretch"
    )
    clear.form_submit_button(
        say(words.CLEAR, language),
        key="clear",
        help=say(words.CLEAR_HELP, language),
        on_click=_clear,
        width="stretch",
    )


def _draw_outcome(language: Language) -> None:
    outcome = _outcome()
    if isinstance(outcome, ApiError):
        result.show_error(outcome, language)
    elif outcome is not None:
        result.show_prediction(outcome, entered.decided_groups(entered.values()), language)


def _production_model() -> ProductionModel | ApiError:
    try:
        return _client().model()
    except ApiError as error:
        return error


def _outcome() -> Prediction | ApiError | None:
    """The last outcome, unless what it answered has been changed since."""
    if st.session_state.get(_ASKED) != entered.values():
        return None
    return cast(Prediction | ApiError | None, st.session_state[_OUTCOME])


def _refused_fields() -> set[str]:
    outcome = _outcome()
    return {refused.field for refused in outcome.fields} if isinstance(outcome, Refused) else set()


def _predict() -> None:
    asked = entered.values()
    st.session_state[_ASKED] = asked
    st.session_state[_OUTCOME] = _ask(asked)


def _ask(asked: entered.Entered) -> Prediction | ApiError:
    blanks = entered.blanks(asked)
    if blanks:
        return Refused(fields=[RefusedField(field=field.name) for field in blanks])
    try:
        return _client().predict(entered.request(asked))
    except ApiError as error:
        return error


def _clear() -> None:
    st.session_state.pop(_ASKED, None)
    entered.clear()


if __name__ == "__main__":
    main()
