"""What the DAGs share: assets, params made from the platform's own models, what Airflow knows, and errors' ends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, Context, Param, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from pydantic import BaseModel

from connections import settings
from connections.failures import keep_values_out, named, trace
from readmission.errors import InUseError, ReadmissionError
from readmission.params import checked

if TYPE_CHECKING:
    from readmission.storage.leases import Owner

ParamsModel = TypeVar("ParamsModel", bound=BaseModel)

INITIAL_DATA = Asset("RAW_DATA.initial_data")
PREPARED_DATA = Asset("CLEAN_DATA.train_data")


class TaskError(Exception):
    """What failed in a task, and is worth a retry, in words that quote no patient's values."""


def say_why(context: Context) -> None:
    """Ends the log of a task that failed with its reason in one line, below what Airflow writes about it."""
    error, task = context.get("exception"), context["ti"].task_id
    known = isinstance(error, AirflowFailException | TaskError)
    reason = str(error) if known or not isinstance(error, BaseException) else named(error)
    logging.getLogger("readmission").error("%s failed: %s", task, reason)


DEFAULTS = {
    "owner": "readmission",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),  # what was broken off holds its data for up to 40 s
    "on_failure_callback": say_why,
    "on_retry_callback": say_why,
}


def dag_params(model: type[BaseModel]) -> dict[str, Param]:
    """A DAG's params (type, range, default and help in the trigger form) from a model of ours."""
    return {name: _param(schema) for name, schema in model.model_json_schema()["properties"].items()}


def _param(schema: dict[str, Any]) -> Param:
    rules = {key: value for key, value in schema.items() if key not in ("default", "anyOf")}
    options = schema.get("anyOf", [])
    for option in options:
        rules |= option
    if options:
        rules["type"] = [option["type"] for option in options]
    # Without a default the trigger form asks for it.
    return Param(schema["default"], **rules) if "default" in schema else Param(**rules)


def chosen(model: type[ParamsModel]) -> ParamsModel:
    """The run's params as the model they were made from.

    Raises:
        ParamsError: some are not what the model allows; the message names all of them.
    """
    return checked(model, dict(get_current_context()["params"]))


def started_by_asset() -> bool:
    """Whether an asset started this run, and not a person."""
    return bool(get_current_context()["dag_run"].run_type == "asset_triggered")


def this_run() -> "Owner":
    """This DAG run, as it holds what it uses."""
    from readmission.storage.leases import Owner

    run = get_current_context()["dag_run"]
    return Owner(dag_id=run.dag_id, run_id=run.run_id)


def unfinished(dag_id: str, run_id: str) -> bool:
    """Whether a run has not ended, or one of its tasks runs or is queued; a task may ask Airflow without a password."""
    ti, runs = get_current_context()["ti"], [run_id]
    return bool(
        ti.get_dr_count(dag_id=dag_id, run_ids=runs, states=["queued", "running"])
        or ti.get_ti_count(dag_id=dag_id, run_ids=runs, states=["queued", "running", "restarting"])
    )


def state_of(task_id: str) -> str | None:
    """The state of an unmapped task of this run."""
    ti = get_current_context()["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=[task_id])
    state: str | None = states.get(ti.run_id, {}).get(task_id)
    return state


def skip(reason: str) -> None:
    """Skips the task, and with it what follows."""
    raise AirflowSkipException(reason)


@contextmanager
def without_retry() -> Iterator[None]:
    """Fails at once on errors that a retry would only repeat; what another run holds is worth a retry.

    Airflow writes an error that leaves a task into its log whole, and a library's may quote a patient's values: where
    such a one came from is told here, in `trace`, and what leaves the task is one of ours.
    """
    keep_values_out()
    try:
        yield
    except AirflowException:
        raise
    except InUseError as error:
        raise TaskError(named(error)) from None
    except (ReadmissionError, settings.SettingsError) as error:
        # Of the places that the error came from, a person who can act on it needs none.
        raise AirflowFailException(str(error)) from None
    except Exception as error:
        from readmission.training.explained import explained

        told = explained(error)
        if told is None:
            logging.getLogger("readmission").error("%s", trace(error))
            raise TaskError(named(error)) from None
        raise AirflowFailException(str(told)) from None


def get_settings() -> settings.Settings:
    """The task's settings. A wrong one fails the task at once, by its name."""
    with without_retry():
        return settings.get_settings()
