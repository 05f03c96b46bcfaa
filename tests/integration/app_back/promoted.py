"""Putting a version in production: as the pipeline does, and as anybody does who can write to MLflow."""

import hashlib

from mlflow.exceptions import MlflowException

from connections.model_registry import RegisteredVersion, client
from connections.settings import Settings
from connections.version_files import read_served_file
from readmission.inference import MANIFEST_FILE
from readmission.registry import records


def put_in_production(settings: Settings, version: RegisteredVersion) -> None:
    """Promotes a version, as the pipeline does: with a record."""
    try:
        manifest = read_served_file(settings, version, MANIFEST_FILE)
    except (MlflowException, OSError):  # it has none
        manifest = b""
    found = client(settings).get_model_version(version.name, version.version)
    records.record(settings, found, hashlib.sha256(manifest).hexdigest(), "in a test")
    move_the_alias(settings, version)


def move_the_alias(settings: Settings, version: RegisteredVersion) -> None:
    """Gives the alias to a version, as anybody does who can write to MLflow."""
    client(settings).set_registered_model_alias(settings.model_name, settings.model_alias, version.version)
