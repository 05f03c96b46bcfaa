"""The figures of a report: what groups get, and what decisions gain at each threshold."""

from collections.abc import Sequence

import matplotlib.figure as drawing
from matplotlib.axes import Axes

from readmission.model.report import Figure, Report

_PANELS = {"roc_auc": "ROC-AUC", "recall": "recall", "precision": "precision", "alerts_per_100": "alerts per 100"}


def drawn(report: Report) -> dict[str, drawing.Figure]:
    """Groups and decision curve, by file name."""
    return {f"{report.split}_groups.png": _groups(report), f"{report.split}_decision_curve.png": _curve(report)}


def _groups(report: Report) -> drawing.Figure:
    """A panel a figure, a line a group with its interval; those that are not assessable are grey."""
    figure = drawing.Figure(figsize=(11, 4), layout="constrained")
    for axis, (name, title) in zip(figure.subplots(1, len(_PANELS), sharey=True), _PANELS.items(), strict=True):
        for place, group in enumerate(report.groups.values()):
            colour = "tab:blue" if group.assessable else "tab:gray"
            _interval(axis, place, group.figures[name], colour)
        if (overall := report.figures[name].value) is not None:
            axis.axvline(overall, color="black", linestyle=":", linewidth=1)
        axis.set_title(title)
    figure.axes[0].set_yticks(range(len(report.groups)), list(report.groups))
    figure.axes[0].invert_yaxis()
    figure.suptitle(f"{report.split}: groups with 95 % intervals (dotted: all rows; grey: too few to assess)")
    return figure


def _interval(axis: Axes, place: int, found: Figure, colour: str) -> None:
    if found.value is not None:
        axis.plot([found.value], [place], "o", color=colour)
    if found.low is not None and found.high is not None:
        axis.plot([found.low, found.high], [place, place], color=colour)


def _curve(report: Report) -> drawing.Figure:
    figure = drawing.Figure(figsize=(5, 4.5), layout="constrained")
    axis = figure.add_subplot()
    thresholds = [one.threshold for one in report.net_benefit]
    model = [one.model for one in report.net_benefit]
    axis.plot(thresholds, _values([one.value for one in model]), label="the model")
    low, high = (_values([getattr(one, end) for one in model]) for end in ("low", "high"))
    axis.fill_between(thresholds, low, high, alpha=0.2)
    axis.plot(thresholds, _values([one.treat_all.value for one in report.net_benefit]), label="an alert for all")
    axis.axhline(0, color="black", linewidth=1, label="no alert")
    axis.set(xlabel="threshold", ylabel="net benefit, a row", title=f"{report.split}: decision curve")
    axis.legend()
    return figure


def _values(found: Sequence[float | None]) -> list[float]:
    return [float("nan") if one is None else one for one in found]
