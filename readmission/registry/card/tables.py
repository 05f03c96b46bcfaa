"""The tables of a card, from what was measured."""

from collections.abc import Iterable, Mapping

from readmission.features import BY_NAME
from readmission.model.report import Figure, Report
from readmission.registry.card.shapes import Flow, Table

_NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "brier_skill": "Brier skill",
    "alerts_per_100": "Alerts per 100 encounters",
    "observed_to_expected": "Observed / expected",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
}
_CALIBRATION = ("observed_to_expected", "calibration_slope", "calibration_intercept")
_OF_GROUPS = ("roc_auc", "recall", "precision", "alerts_per_100", *_CALIBRATION)
_MOST_FIELDS = 15


def flow(found: Flow) -> Table:
    """Participants: what was loaded, left out, and is in each split."""
    rows = [["loaded", _count(found.loaded), "", ""], ["left out", _count(found.excluded), "", ""]]
    for split, each in found.splits.items():
        rows.append([split, _count(each.rows), _count(each.patients), _count(each.positives)])
    return Table(title="Participant flow", columns=["", "encounters", "patients", "with the outcome"], rows=rows)


def missing(shares: Mapping[str, float]) -> Table:
    """Missing values of train rows."""
    rows = [[BY_NAME[name].texts.label.en, f"{share:.1%}"] for name, share in shares.items()]
    return Table(title="Missing on train rows", columns=["field", "share"], rows=rows)


def performance(reports: Iterable[Report]) -> Table:
    """All figures but those of calibration, a column a split."""
    return _by_split(
        "Figures at the decision threshold", reports, [name for name in _NAMES if name not in _CALIBRATION]
    )


def calibration(reports: Iterable[Report]) -> Table:
    """Whether risks are as they are told, a column a split."""
    return _by_split("Calibration", reports, _CALIBRATION)


def capacities(report: Report) -> Table:
    """What alerts for the riskiest rows find."""
    rows = [
        [f"{at.rate:.0%}", f"{at.threshold:.3f}", interval(at.precision), interval(at.recall)] for at in report.at_rates
    ]
    columns = ["riskiest", "threshold", "precision", "recall"]
    return Table(title=f"Alerts by capacity ({report.split})", columns=columns, rows=rows)


def net_benefit(report: Report) -> Table:
    """The decision curve."""
    rows = [[f"{one.threshold:.2f}", interval(one.model, 4), interval(one.treat_all, 4)] for one in report.net_benefit]
    columns = ["threshold", "the model", "an alert for all"]
    return Table(title=f"Net benefit an encounter ({report.split})", columns=columns, rows=rows)


def groups(report: Report) -> Table:
    """What each group gets; those of too few say so."""
    rows = [
        [
            name if group.assessable else f"{name} (too few to assess)",
            _count(group.rows),
            _count(group.positives),
            *(interval(group.figures[figure]) for figure in _OF_GROUPS),
        ]
        for name, group in report.groups.items()
    ]
    columns = ["group", "encounters", "with the outcome", *(_NAMES[figure] for figure in _OF_GROUPS)]
    return Table(title=f"Groups ({report.split})", columns=columns, rows=rows)


def importance(found: Mapping[str, float]) -> Table:
    """What the model goes by, the largest first."""
    rows = [[BY_NAME[name].texts.label.en, f"{size:.2%}"] for name, size in list(found.items())[:_MOST_FIELDS]]
    return Table(title="Mean absolute contribution to the risk", columns=["field", "points"], rows=rows)


def interval(figure: Figure, digits: int = 3) -> str:
    """A figure with its 95 % interval."""
    if figure.value is None:
        return "not defined"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _by_split(title: str, reports: Iterable[Report], names: Iterable[str]) -> Table:
    measured = list(reports)
    rows = [[_NAMES[name], *(interval(report.figures[name]) for report in measured)] for name in names]
    return Table(title=title, columns=["figure", *(report.split for report in measured)], rows=rows)


def _count(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"
