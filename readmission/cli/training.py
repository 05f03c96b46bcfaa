"""The commands that train, and that clear up after a training that was broken off."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from connections.failures import words
from connections.settings import Settings
from readmission.cli.options import options_of
from readmission.cli.services import asking_airflow, asking_mlflow
from readmission.cli.terminal import bar, clear_errors, console, errors
from readmission.params import TrainParams

if TYPE_CHECKING:
    from readmission.training.batches import TrainingPlan


@options_of(TrainParams)
def train(params: TrainParams) -> None:
    """Train one forest a batch, have them vote, register the best and promote it if it beats production."""
    from readmission.registry.batch_models import described
    from readmission.training import batches, recovery, selection

    with bar("batches") as progress:
        settings = asking_mlflow(briefly=False)
        recovery.free_lost(settings, asking_airflow(settings))
        plan = batches.begin(settings, params.forest, force_promote=params.force_promote)
        try:
            for done, batch_id in enumerate(plan.batches):
                progress(done, len(plan.batches))
                _train_batch(settings, plan, batch_id)
        except KeyboardInterrupt:
            selection.abandon(settings, plan)
            raise
        outcome = selection.select(settings, plan)
        progress(len(plan.batches), len(plan.batches))
    best = f"{described(outcome.batch)}, val_f1 {outcome.val_f1:.4f}"
    console.print(f"{best}: version {outcome.version} of {outcome.name} {outcome.verdict}", highlight=False)


def _train_batch(settings: Settings, plan: "TrainingPlan", batch_id: int) -> None:
    """A batch that fails does not stop the others; the selection fails if none succeeds."""
    from readmission.training import batches

    try:
        batches.train_batch(settings, plan, batch_id)
    except Exception as error:
        # Whatever it was is on the batch's run; in Airflow too the other batches go on.
        errors.print(f"[yellow]batch {batch_id} failed:[/yellow] {escape(words(error))}", highlight=False)


def unlock(
    force: Annotated[bool, typer.Option(help="without asking whether the training goes on")] = False,
) -> None:
    """Free the prepared data from a training that is no more, and close its runs in MLflow."""
    from readmission.training import recovery

    with clear_errors():
        settings = asking_mlflow()
        freed = recovery.free_by_force(settings) if force else recovery.free_lost(settings, asking_airflow(settings))
    told = f"freed the prepared set from {freed.owner}; its runs are closed" if freed else "nothing was in use"
    console.print(told, highlight=False)
