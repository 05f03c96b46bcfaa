"""Every command of `readmission`, as a person types it while the platform runs, and what it should say."""

import json
import re
from collections.abc import Callable

from typer.core import TyperGroup
from typer.main import get_command

from readmission.cli import app

Said = Callable[[str], bool]


def matches(pattern: str) -> Said:
    """Whether it says what a pattern says."""
    return lambda said: re.search(pattern, said) is not None


def is_a_prediction(said: str) -> bool:
    """Whether it is an answer of the model in production."""
    answer = json.loads(said)
    return bool(answer["model_name"] == "mejor_modelo_diabetes" and 0 < answer["probability"] < 1)


# By command, in the order in which they are tried: what is typed after it, the exit codes that are right, and what it
# says. `{out}` is a folder that is not the current one, with a file of two encounters, `ask.csv`.
TRIALS: dict[str, tuple[str, set[int], Said]] = {
    "init": ("", {0}, matches(r"RAW_DATA: at revision .*nothing to migrate")),
    "synth": ("--out {out}/made.csv --rows 500", {0}, matches(r"made\.csv: 500 synthetic encounters")),
    "load": ("", {0}, matches(r"load \d+: [\d,]+ rows, \w+, unchanged")),
    "preprocess": ("--batch-size 60000", {0}, matches(r"prepared set \d+: train [\d,]+, val [\d,]+, test [\d,]+")),
    "train": ("--n-estimators 30", {0}, matches(r"version 2 of mejor_modelo_diabetes (not )?promoted: ")),
    "unlock": ("", {0}, matches("nothing was in use")),
    "promote": ("2 --force --reason tried", {0}, matches("version 2 of mejor_modelo_diabetes promoted: tried")),
    "rollback": ("--reason tried", {0}, matches("version 1 of mejor_modelo_diabetes is back in place of 2: tried")),
    "withdraw": ("2 --reason tried", {0}, matches("version 2 of mejor_modelo_diabetes is withdrawn: tried")),
    "history": ("--at 2999-01-01", {0}, matches("version 1 of mejor_modelo_diabetes, live since .* rolled back by")),
    "predict": ("number_inpatient=3 age=80", {0}, is_a_prediction),
    "score": (
        "{out}/ask.csv {out}/scored.csv",
        {0},
        matches(r"scored\.csv: 2 encounters by version 1 of"),
    ),
    "shadow": ("--since 2026-01-01", {1}, matches("^$")),  # no prediction has one, which it says on the other stream
    "registry": ("adopt", {0}, matches("version 1 of mejor_modelo_diabetes proves itself already")),
    "forget": ("--encounter-ref nobody", {0}, matches("^0 predictions deleted")),
    "retention": ("", {0}, matches("^0 predictions older than 400 days deleted")),
    "mlflow-user": ("create tried", {0}, matches("tried may read; password, shown this once: [A-Za-z0-9_-]{24}")),
    "keys": ("list", {0}, matches(r"form .* predict")),
    "audit": (
        "1 --output {out}/audit.zip",
        {0},
        matches(r"audit\.zip: card\.json, card\.md, .*audit\.json"),
    ),
    "export": ("--folder {out}/models", {0}, matches(r"modelo_entrenado_final\.pkl: [\d,]+ bytes")),
}


def commands() -> set[str]:
    """The commands that there are."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)
