"""`GET /model/card`: the card of the version that answers, as it was signed with its files."""

from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from pydantic.json_schema import SkipJsonSchema

from app_back import examples
from app_back.access.described import LIMITED, refusals
from app_back.deps import ModelsDep
from app_back.errors import NoCardError

PATH = "/model/card"
Form = Literal["json", "md", "html"]
_TYPES: dict[Form, str] = {"json": "application/json", "md": "text/markdown", "html": "text/html"}
# Nothing of a page may run or be fetched.
_INERT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Vary": "Accept"}
_IN_PART = {"title": "Model card: the vote of all batches of run 0f1e", "dataset": "real", "target": "lt30"}
_TEXTS, _OBJECTS = ("title", "dataset", "target"), ("made_of", "params", "flow", "missing", "importance", "reports")
PROPERTIES: dict[str, dict[str, str]] = {
    **{name: {"type": "string"} for name in _TEXTS},
    **{name: {"type": "object"} for name in _OBJECTS},
    "sections": {"type": "array"},
}
_CONTENT = {
    "application/json": {
        "schema": {"type": "object", "properties": PROPERTIES},
        "examples": {"in_part": {"summary": "in part", "value": _IN_PART}},
    },
    "text/markdown": {"schema": {"type": "string"}},
    "text/html": {"schema": {"type": "string"}},
}
_NO_CARD = {"error": {"code": NoCardError.code, "message": NoCardError("3").message}}

router = APIRouter(tags=["model"])
ANSWERS: examples.Responses = (
    {200: {"description": "The card.", "content": _CONTENT}}
    | examples.errors(404, "The version has no card.", no_card=_NO_CARD)
    | examples.errors(422, "`format` is refused.", refused=examples.FORMAT_REFUSED)
    | examples.errors(429, "The key asks too often.", limited=LIMITED)
    | examples.errors(503, "No model is in production.", no_model=examples.NO_MODEL)
    | refusals(PATH)
)
InForm = Annotated[
    Form | SkipJsonSchema[None],
    Query(alias="format", description="json, md or html; what the header Accept names first unless given, else json"),
]


@router.get(PATH, summary="Show the card of the model that answers", response_class=Response, responses=ANSWERS)
async def get_card(
    models: ModelsDep, form: InForm = None, accept: Annotated[str, Header(include_in_schema=False)] = ""
) -> Response:
    """What the version is for, what it was made of, what was measured of it, and what it must not be used for."""
    model = models.current()
    form = form or _accepted(accept)
    if form not in model.scorer.card:
        raise NoCardError(model.version.version)
    return Response(model.scorer.card[form], media_type=_TYPES[form], headers=_INERT)


def _accepted(accept: str) -> Form:
    """The first form that a header Accept names."""
    asked = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    return min(get_args(Form), key=lambda form: asked.index(_TYPES[form]) if _TYPES[form] in asked else len(asked))
