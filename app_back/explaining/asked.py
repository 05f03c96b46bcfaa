"""What a request asks for beside its body: whether to explain, and in which language."""

from typing import Literal, NamedTuple, cast
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from starlette.types import Scope

from readmission.features import Text

Language = Literal["es", "en"]
_ALLOWED = {"explain": ("true", "false"), "language": ("es", "en")}
_MOST_ACCEPTED = 20


class Asked(NamedTuple):
    """`explain` is what the address says; `/explain` and `/what-if` need not say it."""

    explain: bool = False
    language: Language = "es"

    def say(self, text: Text) -> str:
        """A text in the language that was asked for."""
        return text.es if self.language == "es" else text.en


def asked_of(scope: Scope) -> Asked:
    """What the address asks for, or, of the language, the header Accept-Language; Spanish where both say nothing.

    Raises:
        RequestValidationError: a parameter has a value that is not allowed, or is sent twice.
    """
    sent: dict[str, str] = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name in _ALLOWED:
            if value not in _ALLOWED[name] or name in sent:
                raise _refused(name)
            sent[name] = value
    language = cast(Language, sent["language"]) if "language" in sent else _accepted(scope)
    return Asked(sent.get("explain") == "true", language)


def _refused(name: str) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "enum", "loc": ("query", name), "msg": f"Input should be {' or '.join(_ALLOWED[name])}, once"}]
    )


def _accepted(scope: Scope) -> Language:
    """The one of the two languages that the header likes best."""
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    best: tuple[float, Language] = (0.0, "es")
    for part in header.decode("latin-1").split(",")[:_MOST_ACCEPTED]:
        tag, _, weight = part.partition(";")
        language = tag.strip().lower()[:2]
        if language in _ALLOWED["language"] and (liked := _weight(weight)) > best[0]:
            best = (liked, cast(Language, language))
    return best[1]


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
