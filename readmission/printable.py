"""Text that is safe to show: nothing that a file or server says moves a cursor, hides a line or turns one around."""


def printable(text: str, keep: str = "") -> str:
    """The text, each unprintable character (control, escape, bidi mark, lone surrogate) but `keep` as its escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)
