"""What was entered, in which language, and what came of it: kept in the session.

The browser knows a choice only by its words and would send those of the language it was made in, so each language
has widgets (keys) of its own, and switching carries the values over. Numbers are entered as text: a number widget
cuts 3.7 to 3, and holds back every button of the page while a value is out of range.
"""

from dataclasses import dataclass, replace
from typing import cast

import streamlit as st

from app_front.checks import REQUIRED, Entered, Unfinished, check
from app_front.client import ApiError, ProductionModel
from app_front.sentences import Language
from readmission.features import FIELDS, Field
from readmission.prediction import PredictionResponse, WhatIfResponse

_LANGUAGE, _OUTCOME, _ASKED, _PRESSED, _MODEL = "language", "outcome", "asked", "pressed", "model"


@dataclass(frozen=True)
class Answered:
    """A prediction, what it was computed from, and what the service said of its what-ifs, if that was asked."""

    entered: Entered
    response: PredictionResponse
    what_if: WhatIfResponse | ApiError | None = None


@dataclass(frozen=True)
class Withdrawn:
    """There was a prediction, and what it was computed from has been changed since."""


Outcome = Answered | Withdrawn | Unfinished | ApiError


def initial(field: Field) -> str | None:
    """The widget's value before anyone touches it: blank, or the contract's default where none must be chosen."""
    if field.kind == "category":
        return None if field.optional or field.name in REQUIRED else str(field.default)
    return "" if field.default is None or field.name in REQUIRED else str(field.default)


def language() -> Language:
    """The form's language, Spanish until it is switched."""
    return cast(Language, st.session_state.setdefault(_LANGUAGE, "es"))


def key(field: Field) -> str:
    """The session's key for a field's widget in the form's language."""
    return f"{field.name}:{language()}"


def start() -> None:
    """Give the session the initial values it does not have yet."""
    for field in FIELDS:
        st.session_state.setdefault(key(field), initial(field))


def values() -> Entered:
    """Each field's value as it stands in the form."""
    return {field.name: st.session_state[key(field)] for field in FIELDS}


def clear() -> None:
    """Set every field back to its initial value, and forget what came of the ones before."""
    st.session_state.pop(_OUTCOME, None)
    _put({field.name: initial(field) for field in FIELDS})


def switch_language(target: Language) -> None:
    """Change to another language, keeping what was entered, if anything could be."""
    kept = values() if key(FIELDS[0]) in st.session_state else None
    st.session_state[_LANGUAGE] = target
    if kept is not None:
        _put(kept)


def _put(entered: Entered) -> None:
    for field in FIELDS:
        st.session_state[key(field)] = entered[field.name]


def keep(asked: Entered, outcome: Outcome) -> None:
    """Remember what came of pressing the button with these values."""
    st.session_state[_ASKED], st.session_state[_OUTCOME] = asked, outcome
    st.session_state[_PRESSED] = pressed() + 1


def keep_what_if(answered: Answered, found: WhatIfResponse | ApiError) -> None:
    """Remember the what-ifs of a prediction, for as long as that is shown."""
    st.session_state[_OUTCOME] = replace(answered, what_if=found)


def pressed() -> int:
    """How often the button was pressed in this session."""
    return cast(int, st.session_state.get(_PRESSED, 0))


def outcome() -> Outcome | None:
    """What came of the last press, as far as it is about what stands in the form now.

    A prediction goes for good with the first edit; what is missing or refused is looked at anew.
    """
    last, entered = cast(Outcome | None, st.session_state.get(_OUTCOME)), values()
    if last is None or isinstance(last, Withdrawn) or st.session_state[_ASKED] == entered:
        return last
    now = Withdrawn() if isinstance(last, Answered) else check(entered) if isinstance(last, Unfinished) else None
    st.session_state[_ASKED], st.session_state[_OUTCOME] = entered, now
    return now


def model() -> ProductionModel | ApiError | None:
    """What the service last said of the model in production."""
    return cast(ProductionModel | ApiError | None, st.session_state.get(_MODEL))


def keep_model(found: ProductionModel | ApiError) -> None:
    """Remember it: asking anew at each edit would keep the page waiting while the service is away."""
    st.session_state[_MODEL] = found
