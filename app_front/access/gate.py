"""Whether the person before a page is in: every run of the page, and every press of a button, asks here first."""

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, wraps
from hashlib import sha256
from typing import Any, cast

import streamlit as st

from app_front.access import people
from app_front.access.sessions import Sessions
from app_front.access.throttle import Throttle
from connections.settings import Settings, get_settings

logger = logging.getLogger(__name__)

# What a page remembers of its person.
PAGE, LOG_IN, REFUSED = "page", "log_in", "refused"
# What outlives a log-in. Streamlit takes a button whose state is gone for one that was pressed: these are drawn again.
_KEPT = {PAGE, REFUSED, "language", "password", "enter", "log_out", "switch_to_es", "switch_to_en"}


class Standing(Enum):
    """Where somebody stands."""

    IN = auto()
    OUT = auto()
    ENDED = auto()
    """They were in, and have to log in again."""
    STRANGER = auto()
    """The provider knows them, and the form is not for them."""


@dataclass(frozen=True)
class Refusal:
    """A password was not taken: it was wrong, or, before a `wait` (seconds) is over, it was not looked at."""

    wait: float


@dataclass(frozen=True)
class _Guard:
    sessions: Sessions
    throttle: Throttle


@cache
def _of_the_process(minutes: float, hours: float) -> _Guard:
    """Streamlit's own cache would not do: a browser may ask for that to be cleared."""
    return _Guard(Sessions(minutes * 60, hours * 3_600), Throttle())


def _guard() -> _Guard:
    settings = get_settings()
    return _of_the_process(settings.form_session_minutes, settings.form_session_hours)


def standing() -> Standing:
    """Where the page's person stands now."""
    settings = get_settings()
    if settings.form_auth == "off":
        return Standing.IN
    if settings.form_auth == "oidc":
        return _standing_of_a_person(settings)
    log_in = st.session_state.get(LOG_IN)
    return Standing.OUT if log_in is None else _by_time(log_in)


def use() -> float | None:
    """Notes that the page is used, and says for how many seconds it stays open otherwise; None: for ever."""
    return None if not asks() else _guard().sessions.use(st.session_state[LOG_IN])


def only_inside(pressed: Callable[..., None]) -> Callable[..., None]:
    """What a button does for who is in; a press of anybody else's does nothing, and the page says why."""

    @wraps(pressed)
    def asked(*arguments: Any) -> None:
        if standing() is Standing.IN:
            pressed(*arguments)

    return asked


def try_password(given: str) -> None:
    """Lets the page's person in, if that is the ward's password and too many others were not tried before it.

    Nothing typed is no try.
    """
    if not given:
        return
    guard, page = _guard(), cast(str, st.session_state.setdefault(PAGE, secrets.token_hex(16)))
    if wait := guard.throttle.try_again_in(page):
        st.session_state[REFUSED] = Refusal(wait)
    elif _is(get_settings().form_password.get_secret_value(), given):
        guard.throttle.was_right(page)
        _let_in()
    else:
        st.session_state[REFUSED] = Refusal(0.0)
        tries = guard.throttle.wrong
        logger.warning("log-in refused: wrong password, from %s; %d lately", st.context.ip_address or "here", tries)


def refusal() -> Refusal | None:
    """Why the last password was not taken; told once."""
    return cast(Refusal | None, st.session_state.pop(REFUSED, None))


def log_out() -> None:
    """Ends the log-in, of all pages that have it."""
    _guard().sessions.end(st.session_state.get(LOG_IN, ""))
    forget()
    if get_settings().form_auth == "oidc":
        st.logout()


def forget() -> None:
    """Empties the page's memory: of patients, and of who was in."""
    for name in list(st.session_state):
        if name not in _KEPT:
            del st.session_state[name]


def asks() -> bool:
    """Whether people log in at all."""
    return get_settings().form_auth != "off"


def asks_a_provider() -> bool:
    """Whether people log in elsewhere."""
    return get_settings().form_auth == "oidc"


def person() -> str:
    """Whose log-in it is, as the provider says; empty where the ward has one password."""
    return people.email(st.user.to_dict()) if asks_a_provider() else ""


def _is(password: str, given: str) -> bool:
    """Compared in the same time whatever they are; what is empty is no password."""
    return bool(password) and hmac.compare_digest(sha256(password.encode()).digest(), sha256(given.encode()).digest())


def _let_in() -> None:
    log_in = secrets.token_hex(16)
    _guard().sessions.begin(log_in)
    st.session_state[LOG_IN] = log_in
    logger.info("logged in with the password, from %s", st.context.ip_address or "here")


def _by_time(log_in: str) -> Standing:
    return Standing.IN if _guard().sessions.seconds_left(log_in) > 0 else Standing.ENDED


def _standing_of_a_person(settings: Settings) -> Standing:
    claims = st.user.to_dict()
    if not claims.get("is_logged_in"):
        return Standing.OUT
    log_in = people.log_in_of(claims)
    is_new = _guard().sessions.begin(log_in, people.logged_in_at(claims))
    st.session_state[LOG_IN] = log_in
    if not people.is_allowed(claims, settings.form_oidc_allowed):
        if is_new:
            logger.warning(
                "log-in refused: %r is not in FORM_OIDC_ALLOWED", people.email(claims) or "no e-mail address"
            )
        return Standing.STRANGER
    found = _by_time(log_in)
    if is_new and found is Standing.IN:
        logger.info("logged in: %s", people.email(claims))
    return found
