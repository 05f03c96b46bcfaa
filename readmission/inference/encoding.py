"""The forest's matrix: a model's numbers, standardised, then a column for each category of each of its other fields.

Last come the columns that several fields have in common (`ServingConfig.anywhere`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from readmission.features import BY_NAME, STRACK_GROUPS, Field, Value
from readmission.inference.serving_config import ServingConfig


class _Category(NamedTuple):
    """A field with the columns of its categories, and of what a request may say for them without being read."""

    field: Field
    columns: Mapping[str, int]
    at_once: Mapping[Value, int]


class Encoding:
    """How a model's matrix is filled; `width` is its number of columns."""

    def __init__(self, config: ServingConfig) -> None:
        self._numbers = [BY_NAME[number.name] for number in config.numbers]
        self._mean = np.array([number.mean for number in config.numbers])
        self._scale = np.array([number.scale for number in config.numbers])
        self._categories: list[_Category] = []
        self._columns: dict[tuple[str, str], int] = {}
        self.width = len(config.numbers)
        for name, vocabulary in config.categories.items():
            columns = {category: self.width + place for place, category in enumerate(vocabulary)}
            self.width += len(vocabulary)
            self._columns |= {(name, category): column for category, column in columns.items()}
            known = _with_parts(columns) if BY_NAME[name].kind == "icd9" else columns
            self._categories.append(_Category(BY_NAME[name], known, _at_once(BY_NAME[name], known)))
        self._common = self._in_common(config)
        names, firsts = list(config.categories), list(self._common[0].values()) if self._common else []
        self._shared = [names.index(name) for name in config.anywhere]
        self._shifts = [self.width - first for first in firsts]
        self.width += len(self._common)

    def of_rows(self, rows: Sequence[Mapping[str, str | float]]) -> NDArray[np.float32]:
        """The matrix, shape (rows, width), for model rows; a category that the model does not know is in no column."""
        numbers = [[row[field.name] for field in self._numbers] for row in rows]
        known = [(each.field.name, each.columns) for each in self._categories]
        places = [[columns.get(str(row[name]), self.width) for name, columns in known] for row in rows]
        return self._filled(numbers, places)

    def of_requests(self, requests: Sequence[Mapping[str, Value]]) -> NDArray[np.float32]:
        """The same for whole requests, field for field as `Field.model_value` reads them.

        Raises:
            FieldError: the contract does not allow a value.
        """
        numbers = [[_number(field, request.get(field.name)) for field in self._numbers] for request in requests]
        return self._filled(numbers, [self._places(request) for request in requests])

    def of_columns(self, numbers: NDArray[np.float64], places: NDArray[np.intp]) -> NDArray[np.float32]:
        """The same for whole columns: the `numbers`, and of each of `categories` the column (`width` where none is).

        Both have the shape (rows, fields).
        """
        return self._filled(numbers, places)

    @property
    def numbers(self) -> list[str]:
        """The model's numbers, in the order of their columns."""
        return [field.name for field in self._numbers]

    @property
    def categories(self) -> dict[str, Mapping[str, int]]:
        """The model's other fields, each with the columns of its categories."""
        return {each.field.name: each.columns for each in self._categories}

    @property
    def owners(self) -> list[dict[str, int]]:
        """Of each column, shape (width,), the fields that it tells of, each with the column that is its alone."""
        numbers = [{field.name: column} for column, field in enumerate(self._numbers)]
        return numbers + [{name: column} for (name, _), column in self._columns.items()] + self._common

    def column(self, name: str, category: str) -> int | None:
        """Where a category of a field has its column, or None."""
        return self._columns.get((name, category))

    def _in_common(self, config: ServingConfig) -> list[dict[str, int]]:
        """Of each column that fields have in common, the columns that are theirs alone."""
        shared = config.anywhere
        categories = config.categories[shared[0]] if shared else []
        return [{name: self._columns[name, category] for name in shared} for category in categories]

    def _places(self, request: Mapping[str, Value]) -> list[int]:
        places = []
        for field, columns, at_once in self._categories:
            value = request.get(field.name)
            place = at_once.get(value)
            places.append(columns.get(str(field.model_value(value)), self.width) if place is None else place)
        return places

    def _filled(
        self,
        numbers: Sequence[Sequence[str | float]] | NDArray[np.float64],
        places: Sequence[Sequence[int]] | NDArray[np.intp],
    ) -> NDArray[np.float32]:
        # One column more, for the categories that are in none.
        matrix = np.zeros((len(numbers), self.width + 1), dtype=np.float32)
        standardised = (np.array(numbers, dtype=np.float64) - self._mean) / self._scale
        matrix[:, : len(self._numbers)] = standardised
        held = np.array(places, dtype=np.intp)
        np.put_along_axis(matrix, held, 1.0, axis=1)
        if self._shared:
            shared = held[:, self._shared]
            np.put_along_axis(matrix, np.where(shared == self.width, shared, shared + self._shifts), 1.0, axis=1)
        return np.ascontiguousarray(matrix[:, : self.width])


def _with_parts(columns: Mapping[str, int]) -> Mapping[str, int]:
    """The columns of diagnoses; the parts of a group are in the group's where a model of before knows that alone."""
    return {part: columns[group] for part, group in STRACK_GROUPS.items() if group in columns} | dict(columns)


def _number(field: Field, value: Value) -> str | float:
    """As `Field.model_value`, at once for what needs no reading."""
    if type(value) is int and field.minimum <= value <= field.maximum:
        return value
    return field.model_value(value)


def _at_once(field: Field, columns: Mapping[str, int]) -> dict[Value, int]:
    """What needs no reading: the categories that a request may name, and blank where that has a category."""
    named: dict[Value, int] = {name: columns[name] for name in field.categories if name in columns}
    if field.missing is not None and field.missing in columns:
        named[None] = columns[field.missing]
    return named
