"""The votes of the first batches, each as it would be alone."""

import numpy as np
import pytest

from readmission.model.forest import inputs, make_pipeline, positive
from readmission.model.learning_curve import curve_drawn, learning_curve
from readmission.model.vote import vote_of
from readmission.params import ForestParams
from tests.unit.prepared import prepared_rows

PARAMS = ForestParams(n_estimators=40, min_samples_leaf=10)


def test_each_point_is_the_vote_of_the_first_batches() -> None:
    batches = [prepared_rows(400 + 10 * seed, seed=seed) for seed in range(5)]
    pipelines = [make_pipeline(PARAMS, 1).fit(inputs(rows), rows["target"]) for rows in batches]
    val = prepared_rows(500, seed=9).assign(patient=range(500))
    vote = vote_of(pipelines, batches)
    points = learning_curve(pipelines, batches, vote, val)
    assert [(point.batches, point.rows) for point in points] == [(1, 400), (2, 810), (5, 2100)]
    two = vote_of(pipelines[:2], batches[:2])
    brier = ((positive(two, val) - val["target"]) ** 2).mean()
    assert points[1].val.brier == pytest.approx(brier)
    assert len({point.val.roc_auc for point in points}) == 3
    figure = curve_drawn(points)
    assert [axis.get_title() for axis in figure.axes] == ["val: ROC-AUC", "val: F1"]
    assert np.asarray(figure.axes[0].lines[0].get_xdata()).tolist() == [400, 810, 2100]
