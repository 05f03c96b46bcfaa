"""What may be chosen when a file is scored; told apart from the work, so that help need not import it."""

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["auto", "onnx", "sklearn"]
OnError = Literal["refuse", "report"]


@dataclass(frozen=True)
class Options:
    """How a file is scored. `version` None is the one in production; `threads` None is one a core."""

    version: int | None = None
    engine: EngineName = "auto"
    on_error: OnError = "refuse"
    overwrite: bool = False
    threads: int | None = None
