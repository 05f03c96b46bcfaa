"""What a person may choose when loading, preparing and training, with the defaults that the DAGs show."""

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from readmission.errors import ParamsError

Target = Literal["lt30", "any"]
ParamsModel = TypeVar("ParamsModel", bound=BaseModel)

_SHARES = ("train_percent", "val_percent", "test_percent")


def _whole(default: int | None, least: int, most: int, title: str, description: str) -> Any:
    """A whole number whose range, which is checked, stands in the description at {}."""
    return Field(default, ge=least, le=most, title=title, description=description.format(f"{least:,} to {most:,}"))


class _Params(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LoadParams(_Params):
    """Where the encounters come from, and what a load may replace."""

    source: str | None = Field(
        None,
        title="Data set",
        description="a csv, gz or zip on disk, an http(s) address, or the word synthetic; "
        "empty: the setting DATASET_SOURCE",
    )
    force: bool = Field(False, title="Load again", description="load even if the file has not changed")
    allow_shrink: bool = Field(
        False,
        title="Allow fewer rows",
        description="replace the rows that are there also by far fewer (under half, or the share LEAST_LOAD_SHARE), "
        "and real ones by synthetic ones",
    )


class PrepareParams(_Params):
    """How encounters are split and batched. They travel in the prepared set's record."""

    target: Target = Field(
        "lt30", title="Outcome", description="lt30: readmitted within 30 days; any: readmitted at all"
    )
    seed: int = Field(
        42, ge=0, title="Seed", description="seed of the patients' hash that decides the split and the batches"
    )
    batch_size: int = Field(
        15_000, ge=500, title="Batch size", description="rows a training batch, at least 500; the last one is smaller"
    )
    train_percent: int = _whole(
        80, 10, 98, "Train, percent", "share of the patients to train on, {}; the three shares add up to 100"
    )
    val_percent: int = _whole(10, 1, 45, "Validation, percent", "share that selects the model, {}")
    test_percent: int = _whole(10, 1, 45, "Test, percent", "share that is reported and never selects, {}")

    history: bool = Field(
        False,
        title="History of the patient",
        description="tell the model of each patient's earlier stays, which then may be sent; leaves patients out whose "
        "order of stays contradicts itself",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if problem := _not_a_hundred(self.model_dump()):
            raise ValueError(problem)
        return self

    @property
    def history_tag(self) -> str:
        """Whether a version is told of earlier stays: "on" or "off"."""
        return "on" if self.history else "off"

    @property
    def split_key(self) -> str:
        """What two prepared sets must share for their validation rows to be unseen by each other's models."""
        return f"seed={self.seed} {self.train_percent}/{self.val_percent}/{self.test_percent}"


class ForestParams(_Params):
    """The forest's hyper-parameters (scikit-learn's names) and the seed of its bootstrap."""

    n_estimators: int = _whole(100, 10, 2_000, "Trees", "trees a forest, {}; more are slower and steadier")
    min_samples_leaf: int = _whole(
        20, 1, 1_000, "Rows a leaf", "fewest rows a leaf may hold, {}; smaller leaves make larger models"
    )
    max_features: float = Field(
        0.08,
        gt=0,
        le=1,
        title="Share of columns",
        description="share of the columns that a split considers, above 0 and up to 1",
    )
    max_depth: int | None = _whole(None, 1, 200, "Depth", "most levels of a tree, {}; empty: as its leaves allow")
    random_state: int = Field(42, ge=0, title="Seed", description="seed of the forest's bootstrap, 0 or more")


class TrainParams(ForestParams):
    """What a training is started with: the forest's hyper-parameters, and whether its winner is promoted anyhow."""

    force_promote: str | None = Field(
        None,
        min_length=3,
        pattern=r"\S",
        title="Promote anyhow",
        description="the reason to promote the winner whatever the comparison says, for the ledger of promotions; "
        "empty: it is promoted only if it is better",
    )

    @property
    def forest(self) -> ForestParams:
        """What decides the models: trainings that differ in the rest alone give the same."""
        return ForestParams(**self.model_dump(include=set(ForestParams.model_fields)))


class RollbackParams(_Params):
    """Which version is gone back to, and why; nothing is gone back to without a reason."""

    version: str | None = Field(
        None, title="Version", description="the version's number in MLflow; empty: the one that served before"
    )
    reason: str = Field(
        min_length=3, title="Reason", description="why, for the ledger of promotions; at least 3 characters"
    )


def checked(model: type[ParamsModel], chosen: Mapping[str, Any]) -> ParamsModel:
    """The chosen values as the model; what was not chosen has its default.

    Raises:
        ParamsError: some values are wrong; one line names each, its value and what is allowed.
    """
    try:
        return model(**chosen)
    except ValidationError as error:
        problems = [_problem(model, item) for item in error.errors()]
    if model is PrepareParams and (together := _not_a_hundred(chosen)) and together not in problems:
        problems.append(together)  # pydantic looks at single values first, and at several only when each is right
    raise ParamsError("; ".join(problems)) from None


def _problem(model: type[BaseModel], item: ErrorDetails) -> str:
    if not item["loc"]:
        return item["msg"].removeprefix("Value error, ")
    name, value = item["loc"][0], item["input"]
    if item["type"] == "extra_forbidden":
        return f"{name}={value!r}: there is no such param, only {', '.join(model.model_fields)}"
    return f"{name}={value!r}: {item['msg'][:1].lower()}{item['msg'][1:]}"


def _not_a_hundred(chosen: Mapping[str, Any]) -> str | None:
    shares = [chosen.get(name, PrepareParams.model_fields[name].default) for name in _SHARES]
    if not all(isinstance(share, int) for share in shares) or sum(shares) == 100:
        return None
    return f"{' + '.join(_SHARES)} = {' + '.join(map(str, shares))} = {sum(shares)}: they must add up to 100"
