"""What was entered and in which language: kept in the session, and turned into the API's request.

The browser knows a choice only by its words and would send those of the language it was made in, so each language
has widgets (keys) of its own, and switching carries the values over.
"""

from collections.abc import Mapping
from typing import cast

import streamlit as st

from app_front.sentences import Language
from readmission.features import FIELDS, Field, decided_groups

Entered = Mapping[str, str | int | None]
Request = dict[str, str | int]

_LANGUAGE = "language"


def initial(field: Field) -> str | int | None:
    """The widget's value before anyone touches it: the contract's default, or blank."""
    return "" if field.kind in ("icd9", "reference") else field.default


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
    """Set every field back to its initial value."""
    _put({field.name: initial(field) for field in FIELDS})


def switch_language(target: Language) -> None:
    """Change to another language, keeping what was entered."""
    kept = values()
    st.session_state[_LANGUAGE] = target
    _put(kept)


def _put(entered: Entered) -> None:
    for field in FIELDS:
        st.session_state[key(field)] = entered[field.name]


def blanks(entered: Entered) -> list[Field]:
    """The fields that must have a value and were emptied."""
    return [field for field in FIELDS if not field.optional and entered[field.name] is None]


def request(entered: Entered) -> Request:
    """The body to send: what was entered without the blanks and without the groups that a raw code decides."""
    decided = {group.group.name for group in decided_groups(entered)}
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in entered.items()}
    return {name: value for name, value in stripped.items() if value not in (None, "") and name not in decided}
