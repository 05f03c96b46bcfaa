"""What a person may choose when loading, preparing and training, with the defaults that the DAGs show."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Target = Literal["lt30", "any"]


class LoadParams(BaseModel):
    """Where the encounters come from, and what a load may replace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


class PrepareParams(BaseModel):
    """How encounters are split and batched. They travel in the prepared set's record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target = Field("lt30", description="lt30: readmitted within 30 days; any: readmitted at all")
    seed: int = Field(42, ge=0, description="seed of the patients' hash that decides the split and the batches")
    batch_size: int = Field(15_000, ge=500, description="rows a training batch; the last one is smaller")
    train_percent: int = Field(80, ge=10, le=98)
    val_percent: int = Field(10, ge=1, le=45)
    test_percent: int = Field(10, ge=1, le=45)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = self.train_percent + self.val_percent + self.test_percent
        if total != 100:
            raise ValueError(f"train_percent + val_percent + test_percent must be 100, not {total}")
        return self

    @property
    def split_key(self) -> str:
        """What two prepared sets must share for their validation rows to be unseen by each other's models."""
        return f"seed={self.seed} {self.train_percent}/{self.val_percent}/{self.test_percent}"


class ForestParams(BaseModel):
    """The forest's hyper-parameters (scikit-learn's names) and the seed of its bootstrap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_estimators: int = Field(100, ge=10, le=2_000)
    min_samples_leaf: int = Field(40, ge=1, le=1_000)
    max_features: float = Field(0.15, gt=0, le=1, description="share of the columns that a split considers")
    max_depth: int | None = Field(None, ge=1, le=200)
    random_state: int = Field(42, ge=0)
