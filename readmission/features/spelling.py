"""How a text without a closed list is read: one rule for a cell of a CSV and for a request's value.

Only letters and digits count, in any case, spacing, punctuation and Unicode form: `nephrology`, ` Nephrology ` and
`NEPHROLOGY` are one specialty, `Internal Medicine` is `InternalMedicine`. A text of none, or one of `MISSING_WORDS`,
says that the value is not known.
"""

import unicodedata

# As `essence` gives them: in small letters, without spaces and punctuation. `N/A`, `#N/A` and `<NA>` are all `na`.
MISSING_WORDS = frozenset(
    {
        "unknown", "unk", "missing", "nan", "na", "nil", "null", "none", "undefined", "unspecified", "nodata",
        "notapplicable", "notavailable", "notknown", "notrecorded", "notspecified",
        "desconocido", "desconocida", "noconsta", "nodisponible", "sindato", "sindatos",
    }
)  # fmt: skip


def essence(text: str) -> str:
    """What counts of a text: its letters and digits, case folded, without accents. A symbol is no letter."""
    counted = "".join(filter(str.isalnum, unicodedata.normalize("NFD", text)))
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", counted).casefold()))


def is_missing(text: str) -> bool:
    """Whether a text says that the value is not known: `?`, blank, `Unknown`, `nan`, `N/A`, ..."""
    found = essence(text)
    return not found or found in MISSING_WORDS


def is_only_numbers(text: str) -> bool:
    """Whether a text has numbers and no letter, which names nothing: another list's code, another column's value."""
    return not any(map(str.isalpha, text)) and any(map(str.isalnum, text))


def is_printable(text: str) -> bool:
    """Whether a text has no control, format or unpaired surrogate characters; any kind of space is printable."""
    return text.isprintable() or all(one.isprintable() or unicodedata.category(one) == "Zs" for one in text)
