"""The command that scores one encounter."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from readmission.cli.services import asking_mlflow
from readmission.cli.terminal import clear_errors, console
from readmission.errors import ParamsError, PromotionError
from readmission.features import BY_NAME, FieldError, Value, complete_request
from readmission.prediction import LABELS, PredictionResponse


def predict(
    fields: Annotated[list[str] | None, typer.Argument(help="name=value; what is left out has its default")] = None,
) -> None:
    """Score one encounter with the version in production, without the service and without a log row."""
    from connections.model_registry import download_served_files
    from readmission.inference import Scorer
    from readmission.registry.keys import naming_untrusted, public_keys
    from readmission.registry.records import verified_production

    with clear_errors(), tempfile.TemporaryDirectory() as folder:
        request = _request(fields or [])
        settings = asking_mlflow()
        version = verified_production(settings)
        if version is None:
            raise PromotionError("no version is in production yet; run `readmission train` or the DAG entrenar_modelo")
        with naming_untrusted(f"version {version.version} of {version.name}"):
            scorer = Scorer.load(download_served_files(settings, version, Path(folder)), public_keys(settings))
        probability = scorer.score(request)
    prediction = scorer.decide(probability)
    answer = PredictionResponse(
        prediction=prediction,
        label=LABELS[prediction],
        probability=probability,
        threshold=scorer.config.threshold,
        model_name=version.name,
        model_version=version.version,
        prediction_id="",
        dataset=scorer.config.dataset,
    )
    # Nothing is logged, so there is no row to name.
    console.print_json(answer.model_dump_json(exclude={"label", "prediction_id", "logged"}))


def _request(fields: list[str]) -> dict[str, Value]:
    try:
        return complete_request(_sent(fields))
    except FieldError as error:  # who reads this typed it
        raise ParamsError(f"{error.field}: {error.reason}") from None


def _sent(fields: list[str]) -> dict[str, str]:
    sent = dict(field.partition("=")[::2] for field in fields)
    for name, value in sent.items():
        if name not in BY_NAME:
            raise FieldError(name, f"there is no such field; the fields are {', '.join(BY_NAME)}")
        BY_NAME[name].model_value(value)
    return sent
