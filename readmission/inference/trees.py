"""`reasons.bin`: the trees of a forest with the mean of every node, which its ONNX file does not hold.

Little-endian: the magic line, the numbers of trees and nodes, the root of each tree, then of each node its column, its
threshold, its two children and the share of the positive class among the rows that reached it while it was trained.
Nothing of it is unpickled.
"""

import struct
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from readmission.inference.served_files import REASONS_FILE, ModelFileError

LEAF = -1
_MAGIC = b"readmission trees 1\n"
_COUNTS = struct.Struct("<II")
_ROOT = np.dtype("<i4")
_NODE: dict[str, np.dtype[Any]] = {
    "column": np.dtype("<i2"),
    "threshold": np.dtype("<f4"),
    "left": np.dtype("<i4"),
    "right": np.dtype("<i4"),
    "mean": np.dtype("<f4"),
}


@dataclass(frozen=True)
class Trees:
    """All trees of a forest in arrays, shape (nodes,), `roots` (trees,); children are places in the same arrays.

    A row goes left where its value in `column` is at most `threshold`; a leaf has the column `LEAF`.
    """

    roots: NDArray[np.int32]
    column: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    mean: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """The content of `reasons.bin`."""
        nodes = [getattr(self, name).astype(kind).tobytes() for name, kind in _NODE.items()]
        counts = _COUNTS.pack(len(self.roots), len(self.column))
        return b"".join([_MAGIC, counts, self.roots.astype(_ROOT).tobytes(), *nodes])

    @classmethod
    def read(cls, content: bytes, width: int) -> Self:
        """The trees in a file, for a matrix of `width` columns.

        Raises:
            ModelFileError: it is no such file, or a walk through it would leave it or never end.
        """
        begin = len(_MAGIC) + _COUNTS.size
        if len(content) < begin or not content.startswith(_MAGIC):
            raise _unreadable("it does not begin as one")
        trees, nodes = _COUNTS.unpack_from(content, len(_MAGIC))
        if len(content) != begin + trees * _ROOT.itemsize + nodes * sum(kind.itemsize for kind in _NODE.values()):
            raise _unreadable(f"it is not as long as {trees} trees of {nodes} nodes")
        found: dict[str, NDArray[Any]] = {"roots": np.frombuffer(content, _ROOT, trees, begin)}
        begin += found["roots"].nbytes
        for name, kind in _NODE.items():
            found[name] = np.frombuffer(content, kind, nodes, begin)
            begin += found[name].nbytes
        read = cls(**found)
        read._check(width)
        return read

    def _check(self, width: int) -> None:
        nodes, split = len(self.column), self.column != LEAF
        places = np.arange(nodes)[split]
        if not len(self.roots) or not _within(self.roots, 0, nodes):
            raise _unreadable("a root is no node")
        if not _within(self.column, LEAF, width):
            raise _unreadable(f"a node asks for a column that the model's {width} are not")
        for children in (self.left[split], self.right[split]):
            # A child after its parent: every walk ends.
            if not ((children > places) & (children < nodes)).all():
                raise _unreadable("a child does not come after its parent")
        if not (np.isfinite(self.threshold[split]).all() and ((self.mean >= 0) & (self.mean <= 1)).all()):
            raise _unreadable("a threshold is no number, or a mean no share")


def _within(values: NDArray[Any], least: int, end: int) -> bool:
    return bool(((values >= least) & (values < end)).all())


def _unreadable(why: str) -> ModelFileError:
    return ModelFileError(f"cannot read {REASONS_FILE}: {why}")
