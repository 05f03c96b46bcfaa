"""The prediction service grows under load and shrinks after it."""

from time import monotonic

import pytest

from tests.conftest import Poll
from tests.e2e_k8s.cluster import Cluster, get
from tests.e2e_k8s.under_load import load
from tests.outside.figures import Figures

pytestmark = pytest.mark.usefixtures("pipeline")


def test_a_pod_is_added_under_load_and_taken_away_after_it(cluster: Cluster, poll: Poll, figures: Figures) -> None:
    fewest = int(get("hpa/api")["spec"]["minReplicas"])
    poll(lambda: _ready() == fewest, deadline=240, every=2)
    begun = monotonic()
    with load(at_once=8, pause=0) as outcome:
        poll(lambda: _ready() > fewest, deadline=240, every=1)
    figures["load_to_another_pod_seconds"] = round(monotonic() - begun, 1)
    assert (outcome.failed, outcome.refused) == ([], [])
    begun = monotonic()
    poll(lambda: _ready() == fewest, deadline=400, every=2)
    figures["no_load_to_fewest_pods_seconds"] = round(monotonic() - begun, 1)
    cluster.close("api")


def _ready() -> int:
    return int(get("statefulset/api")["status"].get("readyReplicas", 0))
