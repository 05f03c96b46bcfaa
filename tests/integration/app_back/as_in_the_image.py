"""Serves the application as its image does: without a data-science stack, and ended by the first unpickling."""

import sys
from collections.abc import Sequence
from types import ModuleType

ABSENT = (
    "airflow", "boto3", "joblib", "matplotlib", "pandas", "polars", "pyarrow", "scipy", "skl2onnx", "sklearn", "skops",
)  # fmt: skip


class Absent:
    """An import finder for which the packages that the image lacks do not exist."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        """Refuses what is absent and leaves the rest to the next finder."""
        del path, target
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"not in the image: {name}", name=name)


def no_pickle(event: str, arguments: tuple[object, ...]) -> None:
    """Ends an unpickling that would import a class or function."""
    if event == "pickle.find_class":
        raise RuntimeError(f"unpickled {arguments}")


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent())
    sys.addaudithook(no_pickle)
    from app_back.__main__ import main

    main()
