"""What is reported of a model on one split: figures with intervals, at capacities, of decisions, and by group."""

from pydantic import BaseModel

# What MLflow shows of a report beside the scores.
_MAIN = ("alerts_per_100", "calibration_slope", "calibration_intercept")
_OF_GROUPS = ("roc_auc", "recall", "precision", "alerts_per_100", "observed_to_expected")


class Figure(BaseModel):
    """A figure with the ends of its 95 % interval over patients; None where the rows do not give it."""

    value: float | None
    low: float | None
    high: float | None

    def ends(self) -> dict[str, float | None]:
        """The figure and its interval, by what is put behind its name."""
        return {"": self.value, "_low": self.low, "_high": self.high}


class AtRate(BaseModel):
    """What comes of alerts for the riskiest share of the rows: those with at least `threshold`."""

    rate: float
    threshold: float
    precision: Figure
    recall: Figure


class NetBenefit(BaseModel):
    """True alerts less false ones, the false weighted by the threshold's odds, a row; beside alerts for all."""

    threshold: float
    model: Figure
    treat_all: Figure


class GroupReport(BaseModel):
    """The figures of a group; not `assessable` where too few of it came back."""

    rows: int
    positives: int
    assessable: bool
    figures: dict[str, Figure]


class Report(BaseModel):
    """What is reported of a model on one split, at the threshold that it decides by."""

    split: str
    rows: int
    patients: int
    positives: int
    threshold: float
    resamples: int
    figures: dict[str, Figure]
    at_rates: list[AtRate]
    net_benefit: list[NetBenefit]
    groups: dict[str, GroupReport]

    def named(self) -> dict[str, float]:
        """The main figures by the names that MLflow shows: `test_recall_at_10`, with the ends of its interval
        (`test_recall_at_10_low`), and those of groups without: `test_recall/race other`."""
        main = {name: self.figures[name] for name in _MAIN}
        for at in self.at_rates:
            main |= {f"{name}_at_{at.rate * 100:.0f}": getattr(at, name) for name in ("precision", "recall")}
        found = {f"{name}{end}": value for name, one in main.items() for end, value in one.ends().items()}
        for group, measured in self.groups.items():
            found |= {f"{name}/{group}": measured.figures[name].value for name in _OF_GROUPS}
        return {f"{self.split}_{name}": value for name, value in found.items() if value is not None}
