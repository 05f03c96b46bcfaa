"""What the DAGs share: their assets, params made from the platform's own models, and errors without a retry."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from pydantic import BaseModel

from connections import settings
from readmission.errors import InUseError, ReadmissionError

INITIAL_DATA = Asset("RAW_DATA.initial_data")
PREPARED_DATA = Asset("CLEAN_DATA.train_data")

DEFAULTS = {"owner": "readmission", "retries": 2, "retry_delay": timedelta(seconds=10)}


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
    return Param(schema["default"], **rules)


def chosen(model: type[BaseModel]) -> Any:
    """The run's params as the model they were made from."""
    params = get_current_context()["params"]
    return model(**{name: params[name] for name in model.model_fields})


def started_by_asset() -> bool:
    """Whether an asset started this run, and not a person."""
    return bool(get_current_context()["dag_run"].run_type == "asset_triggered")


def skip(reason: str) -> None:
    """Skips the task, and with it what follows."""
    raise AirflowSkipException(reason)


@contextmanager
def without_retry() -> Iterator[None]:
    """Fails at once on errors that a retry would only repeat; what another run holds is worth a retry."""
    try:
        yield
    except InUseError:
        raise
    except (ReadmissionError, settings.SettingsError) as error:
        raise AirflowFailException(str(error)) from error


def get_settings() -> settings.Settings:
    """The task's settings. A wrong one fails the task at once, by its name."""
    with without_retry():
        return settings.get_settings()
