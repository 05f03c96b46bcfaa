"""The options of `preprocess` and `train` are the params' models, and nothing is said of them twice."""

import pytest
import typer
from pydantic import BaseModel

from readmission.cli import app
from readmission.params import PrepareParams, TrainParams


@pytest.mark.parametrize(("command", "model"), [("preprocess", PrepareParams), ("train", TrainParams)])
def test_the_options_are_those_of_the_model(command: str, model: type[BaseModel]) -> None:
    commands: typer.core.TyperGroup = typer.main.get_command(app)  # type: ignore[assignment]
    options = {option.name: option for option in commands.commands[command].params}
    assert {name: option.default for name, option in options.items()} == model().model_dump()
    for name, field in model.model_fields.items():
        assert options[name].opts == [f"--{name.replace('_', '-')}"]
        assert vars(options[name])["help"] == field.description
