"""The request schema, made from the feature contract: nothing about a field is repeated here."""

import math
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as SchemaField
from pydantic_core import PydanticCustomError

from app_back.request_schema import contradictions, field_schema
from readmission.features import (
    DEATH_OR_HOSPICE,
    ENCOUNTER_REF_LENGTH,
    FIELDS,
    ORIGINAL_FIELDS,
    TEXT_LENGTH,
    Field,
    Value,
)

ORIGINAL_EXAMPLE: dict[str, Value] = {field.name: field.default for field in ORIGINAL_FIELDS}
RICH_EXAMPLE: dict[str, Value] = {
    "age": 75,
    "time_in_hospital": 6,
    "number_inpatient": 2,
    "discharge_code": 6,
    "diag_1": "428",
    "diag_2": "250.83",
    "insulin": "Up",
    "medical_specialty": "Cardiology",
    "encounter_ref": "ward-7/2291",
}


class ContractRequest(BaseModel):
    """An encounter at discharge. Every field may be left out; the optional ones are blank unless sent."""

    model_config = ConfigDict(
        extra="forbid",
        title="PredictionRequest",
        json_schema_extra={"not": {"anyOf": [*contradictions()]}},
    )

    def sent(self) -> dict[str, Value]:
        """The fields that the body held, without those that it left to their defaults."""
        values = self.__dict__
        return {name: values[name] for name in self.model_fields_set}


def _whole(value: object) -> object:
    """65.0 is the whole number 65; 3.7, "65" and everything else is left to the strict integer check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _code_text(value: object) -> object:
    """A code sent as a number, as the text that the contract knows."""
    value = _whole(value)
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return value
    return str(value) if isinstance(value, int | float) else value


def _can_return(value: object) -> object:
    if isinstance(value, str) and value in DEATH_OR_HOSPICE:
        raise PydanticCustomError(
            "cannot_be_readmitted",
            "code {code} means death or hospice: such an encounter cannot be readmitted; there is nothing to predict",
            {"code": value},
        )
    return value


def _blank(value: object) -> object:
    return None if value == "" else value


def _in_contract(field: Field, value: str) -> str:
    field.model_value(value)
    return value


def _no_raw_code(field: Field, value: object) -> object:
    field.refuse_raw_code(value)
    return value


def _annotation(field: Field) -> Any:
    if field.kind == "number":
        strict = SchemaField(strict=True, ge=field.minimum, le=field.maximum)
        return Annotated[int, strict, BeforeValidator(_whole)]
    if field.kind == "reference":
        length = StringConstraints(max_length=ENCOUNTER_REF_LENGTH)
        return Annotated[str, length, AfterValidator(partial(_in_contract, field))]
    if field.reads_spellings:
        read = Annotated[str, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(partial(_in_contract, field))]
        return Annotated[read, BeforeValidator(_code_text)] if field.kind == "icd9" else read
    closed: Any = Literal[field.vocabulary]
    if field.name == "discharge_code":
        closed = Annotated[closed, BeforeValidator(_can_return)]
    if field.raw_code:
        return Annotated[closed, BeforeValidator(partial(_no_raw_code, field))]
    return Annotated[closed, BeforeValidator(_code_text)] if field.decides else closed


def _declaration(field: Field) -> tuple[Any, Any]:
    kind = _annotation(field)
    if field.may_be_blank:
        kind = Annotated[kind | None, BeforeValidator(_blank)]
    kind = Annotated[kind, WithJsonSchema(field_schema(field))]
    title, description = field.texts.label.en, f"{field.texts.help.en} {_allowed(field)}"
    return kind, SchemaField(default=field.default, title=title, description=description)


def _allowed(field: Field) -> str:
    words = f"{field.allowed[0].upper()}{field.allowed[1:]}"
    return f"{words}; a number or text." if field.decides else f"{words}."


if TYPE_CHECKING:
    PredictionRequest = ContractRequest
else:
    PredictionRequest = create_model(
        "PredictionRequest",
        __base__=ContractRequest,
        __doc__=ContractRequest.__doc__,
        **{field.name: _declaration(field) for field in FIELDS},
    )
