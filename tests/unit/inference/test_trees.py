"""`reasons.bin` comes over a network: what could lead a walk astray is refused before one is taken."""

from dataclasses import replace

import numpy as np
import pytest

from readmission.inference import LEAF, ModelFileError, Trees

WIDTH = 3
# Two trees: a split over two leaves, and a leaf alone.
TWO = Trees(
    roots=np.array([0, 3], dtype=np.int32),
    column=np.array([1, LEAF, LEAF, LEAF], dtype=np.int16),
    threshold=np.array([0.5, 0, 0, 0], dtype=np.float32),
    left=np.array([1, 0, 0, 0], dtype=np.int32),
    right=np.array([2, 0, 0, 0], dtype=np.int32),
    mean=np.array([0.25, 0.1, 0.75, 0.5], dtype=np.float32),
)


def test_trees_come_back_as_they_were_written() -> None:
    read = Trees.read(TWO.to_bytes(), WIDTH)
    for name, values in vars(TWO).items():
        assert np.array_equal(getattr(read, name), values), name


def test_a_node_has_18_bytes() -> None:
    """Six forests have some 330,000 nodes, and the file may have 8 MB."""
    node = replace(
        TWO, **{name: np.append(values, values[-1]) for name, values in vars(TWO).items() if name != "roots"}
    )
    assert len(node.to_bytes()) - len(TWO.to_bytes()) == 18


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("roots", [0, 4], "a root is no node"),
        ("roots", [-1, 3], "a root is no node"),
        ("roots", [], "a root is no node"),
        ("column", [WIDTH, LEAF, LEAF, LEAF], "a column"),
        ("column", [-2, LEAF, LEAF, LEAF], "a column"),
        ("left", [0, 0, 0, 0], "does not come after its parent"),
        ("right", [4, 0, 0, 0], "does not come after its parent"),
        ("right", [-1, 0, 0, 0], "does not come after its parent"),
        ("threshold", [np.nan, 0, 0, 0], "a threshold is no number"),
        ("mean", [0.25, 0.1, 1.5, 0.5], "a mean no share"),
        ("mean", [0.25, np.nan, 0.5, 0.5], "a mean no share"),
    ],
)
def test_what_could_lead_a_walk_astray_is_refused(name: str, values: list[float], why: str) -> None:
    damaged = replace(TWO, **{name: np.array(values, dtype=getattr(TWO, name).dtype)})
    with pytest.raises(ModelFileError, match=f"cannot read reasons.bin: .*{why}"):
        Trees.read(damaged.to_bytes(), WIDTH)


@pytest.mark.parametrize(
    "content",
    [b"", b"readmission trees 1\n", TWO.to_bytes()[:-1], TWO.to_bytes() + b"\0", b"R" + TWO.to_bytes()[1:]],
    ids=["empty", "no counts", "shorter", "longer", "another magic"],
)
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"cannot read reasons\.bin"):
        Trees.read(content, WIDTH)


def test_counts_that_no_file_could_have_allocate_nothing() -> None:
    content = bytearray(TWO.to_bytes())
    place = len(b"readmission trees 1\n")
    content[place : place + 8] = b"\xff" * 8
    with pytest.raises(ModelFileError, match="it is not as long as"):
        Trees.read(bytes(content), WIDTH)
