"""A folder of a model's files, brought into MLflow past training, as somebody with its API would."""

from pathlib import Path

from mlflow.entities.model_registry import ModelVersion

from connections.model_registry import client
from connections.settings import Settings


def put_there(settings: Settings, folder: Path, name: str) -> ModelVersion:
    """Registers the folder as a version of a logged model of that name, and gives it the alias."""
    tracking = client(settings)
    found = tracking.get_experiment_by_name("by hand")
    experiment = found.experiment_id if found else tracking.create_experiment("by hand")
    model = tracking.create_logged_model(experiment, name=name)
    tracking.log_model_artifacts(model.model_id, str(folder))
    tracking.finalize_logged_model(model.model_id, "READY")
    tracking.create_registered_model(settings.model_name)
    made = tracking.create_model_version(settings.model_name, f"models:/{model.model_id}", model_id=model.model_id)
    tracking.set_registered_model_alias(settings.model_name, settings.model_alias, str(made.version))
    return made
