"""The card of a training's winner, from what was measured of it."""

import json
from pathlib import Path

import pandas as pd
from mlflow.entities import Run

from connections.settings import Settings
from readmission.clean.prepared_sets import PreparedSet, read_split
from readmission.model.report import Report
from readmission.registry.batch_models import BATCH_TAG, described
from readmission.registry.card.data import flow_of, missing_of
from readmission.registry.card.rendered import files_of
from readmission.registry.card.sections import sections_of
from readmission.registry.card.shapes import Card
from readmission.storage.contract_tables import SPLITS
from readmission.training.mlflow_runs import IMPORTANCE, REPORT

_MADE_OF = (
    "dataset", "source_sha256", "load_id", "prepared_id", "target", "split_seed", "forest_seed", "contract_version",
    "history", "git_revision", "version.scikit-learn", "version.python",
)  # fmt: skip


def card_of(settings: Settings, prepared: PreparedSet, best: Run, figures: Path) -> Card:
    """The card of the best candidate, whose figures are in a folder."""
    data: dict[str, pd.DataFrame] = {split: read_split(settings, split) for split in SPLITS}
    reports = json.loads((figures / REPORT).read_text(encoding="utf-8"))
    importance = json.loads((figures / f"{IMPORTANCE}.json").read_text(encoding="utf-8"))
    card = Card(
        title=f"Model card: {described(best.data.tags[BATCH_TAG])} of run {best.info.run_id}",
        dataset=prepared.dataset,
        target=prepared.params.target,
        made_of={name: best.data.tags[name] for name in _MADE_OF},
        params=dict(sorted(best.data.params.items())),
        flow=flow_of(settings, prepared, data),
        missing=missing_of(data["train"], prepared.params.history),
        importance=importance["mean_absolute_contribution"],
        reports={split: Report.model_validate(found) for split, found in reports.items()},
        sections=[],
    )
    return card.model_copy(update={"sections": sections_of(card)})


def write(card: Card, folder: Path) -> list[Path]:
    """Writes the card into the folder of what is served."""
    for name, text in files_of(card).items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files_of(card)]
