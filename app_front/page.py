"""What the page does beyond Streamlit's widgets: its language, its focus, and no risk beside inputs that changed."""

import json
import time
from collections.abc import Collection
from functools import cache
from pathlib import Path

import streamlit as st

from app_front import form_state, sentences
from app_front.form_state import Answered, Outcome, Withdrawn
from app_front.sentences import Language, say

_HERE = Path(__file__).parent


def style() -> None:
    """Put the page's own style in."""
    st.html(_HERE / "page.css")


def outcome_key(outcome: Outcome | None) -> str:
    """The name of the place where an outcome is drawn, another one for each press that came to something."""
    if isinstance(outcome, Answered):
        return f"risk-{outcome.response.prediction_id}"
    return f"refusal-{form_state.pressed()}" if _refuses(outcome) else "no-outcome"


def behave(outcome: Outcome | None, refused: Collection[str], language: Language, seconds: float | None = None) -> None:
    """Tell the browser what it should know of the page: our own words and names, and nothing that was entered.

    After `seconds` without another run it empties the page by itself, whether or not the form can be reached.
    """
    said = {
        "language": language,
        "chrome": {english: say(text, language) for english, text in sentences.CHROME.items()},
        "withdrawn": say(sentences.WITHDRAWN, language),
        "outcome": "" if outcome_key(outcome) == "no-outcome" else outcome_key(outcome),
        "refused": [f"{name}-{language}" for name in sorted(refused)],
        "seconds": seconds,
        "run": time.time_ns(),  # the browser runs a script again only where it differs
    }
    # Names come from the service: none may end the script.
    told = json.dumps(said).replace("<", "\\u003c")
    st.html(f"<script>{_script()}\nwindow.readmissionPage({told});</script>", unsafe_allow_javascript=True)


def _refuses(outcome: Outcome | None) -> bool:
    return outcome is not None and not isinstance(outcome, Answered | Withdrawn)


@cache
def _script() -> str:
    return (_HERE / "page.js").read_text(encoding="utf-8")
