"""The options of a command whose params a DAG has too."""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal, TypeVar, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from readmission.cli.terminal import clear_errors
from readmission.params import checked

ParamsModel = TypeVar("ParamsModel", bound=BaseModel)


def options_of(model: type[ParamsModel]) -> Callable[[Callable[[ParamsModel], None]], Callable[..., None]]:
    """Gives a command an option a field of the model that the DAG's params are made from, which checks them too."""

    def with_options(command: Callable[[ParamsModel], None]) -> Callable[..., None]:
        def run(**chosen: Any) -> None:
            with clear_errors():
                params = checked(model, chosen)
            command(params)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        options = [_option(name, field) for name, field in model.model_fields.items()]
        run.__signature__ = Signature(options)  # type: ignore[attr-defined]
        return run

    return with_options


def _option(name: str, field: FieldInfo) -> Parameter:
    # A choice is a text here, so that it is the model that refuses one, in its words.
    kind: Any = str if get_origin(field.annotation) is Literal else field.annotation
    option = Annotated[kind, typer.Option(help=field.description)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=field.default, annotation=option)
