"""Two versions that a model holder follows, and what it keeps of them."""

from dataclasses import dataclass
from pathlib import Path

from app_back.models.last_good import LastGood
from app_back.models.model_holder import ModelHolder
from connections.model_registry import RegisteredVersion
from connections.settings import Settings
from tests.conftest import NOBODY_LISTENS
from tests.mlflow_admin import mlflow_admin


@dataclass(frozen=True)
class Versions:
    """Two versions of one registered model, and the files that each was registered with."""

    settings: Settings
    first: RegisteredVersion
    second: RegisteredVersion
    served: tuple[Path, Path]


def without_mlflow(settings: Settings) -> Settings:
    return settings.model_copy(update={"mlflow_tracking_uri": NOBODY_LISTENS})


def following(settings: Settings) -> ModelHolder:
    """A holder that looked at the registry once."""
    holder = ModelHolder(settings)
    holder.refresh()
    return holder


def kept(settings: Settings) -> str | None:
    version = LastGood(settings).version()
    return None if version is None else version.version


def take_the_alias_away(settings: Settings) -> None:
    with mlflow_admin(settings) as admin:
        admin.delete_registered_model_alias(settings.model_name, settings.model_alias)
