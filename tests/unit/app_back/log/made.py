"""Rows whose text is hard to keep."""

from datetime import datetime

from app_back.log.row import LoggedRow, new_id

AT = datetime(2026, 1, 2, 3, 4, 5, 678901)


def rows(count: int, reference: str = "ñ\n\r\u2028\"'\\") -> list[LoggedRow]:
    """So many rows with ids of their own."""
    return [
        LoggedRow(new_id(), AT, reference, '{"age": 65}', 0, 0.1 + 0.2, 1e-300, "m", "1", "real", None)
        for _ in range(count)
    ]
