"""Words that a person reads, in the two languages of the form."""

from typing import NamedTuple


class Text(NamedTuple):
    """The same words in Spanish and English."""

    es: str
    en: str
