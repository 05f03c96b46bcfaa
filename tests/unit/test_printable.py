"""What a file, a name or a server says reaches a terminal as letters, and as nothing else."""

import pytest

from readmission.errors import ReadmissionError, SourceError
from readmission.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Médico 🏥 [0-10)", "Médico 🏥 [0-10)"),
        ("\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"),
        ("back\b\rover", "back\\x08\\rover"),
        ("\u202egnp.csv", "\\u202egnp.csv"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\udcff", "\\udcff"),
        ("one\ntwo\u2028three", "one\\ntwo\\u2028three"),
    ],
)
def test_what_is_no_letter_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()
    assert printable(shown) == shown


def test_every_error_of_ours_is_safe_to_show_and_keeps_its_lines() -> None:
    assert str(SourceError("file \x1b]0;title\x07\n  line 2")) == "file \\x1b]0;title\\x07\n  line 2"
    assert issubclass(SourceError, ReadmissionError)
