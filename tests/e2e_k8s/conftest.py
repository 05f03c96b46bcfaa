"""Brings up the platform on the cluster of kubectl's current context, and takes everything of it away at the end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from k8s.commands import platform, reach
from k8s.commands.kubectl import NAMESPACE, ROOT, kubectl
from k8s.commands.workloads import workloads
from readmission.dag_runs.run import run_pipeline
from tests.e2e_k8s import crash
from tests.e2e_k8s.cluster import Cluster, memory_mb
from tests.e2e_k8s.watched import Seen, watched
from tests.outside import store_image
from tests.outside.browser import TakePicture
from tests.outside.dataset import put
from tests.outside.figures import Figures, collect
from tests.outside.pipeline import FEWER_TREES
from tests.outside.platform import REVISION, Outside

SUMMARY = ROOT / "e2e-k8s-summary.json"
IN_DOCKER = ROOT / "e2e-summary.json"  # what `make e2e` measured on this machine
OVERLAY = os.environ.get("OVERLAY") or "local"
REGISTRY = os.environ.get("REGISTRY", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    """A platform takes minutes to come up, which nobody who works on these tests wants each time."""
    parser.addoption(
        "--keep-platform", action="store_true", help="use the platform that runs, and leave it (development)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes room for the figures that tests measure."""
    collect(config, SUMMARY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a cluster; the first test has time for images to be built."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.k8s)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> bool:
    """Whether the platform that runs is used and left."""
    return bool(request.config.getoption("--keep-platform"))


@pytest.fixture(scope="session")
def cluster(kept: bool, tmp_path_factory: pytest.TempPathFactory, figures: Figures) -> Iterator[Cluster]:
    """The platform, ready, before any DAG has run; nothing of it is left after the session."""
    with pytest.MonkeyPatch.context() as patch:
        if tag := store_image.built_here(figures):
            patch.setenv("MINIO_IMAGE", tag)
        patch.setenv("GIT_REVISION", REVISION)
        there = kubectl("get", f"namespace/{NAMESPACE}", "--ignore-not-found")
        if there and not kept:
            pytest.exit(f"the cluster has a platform in {NAMESPACE!r}, which these tests would throw away: "
                        "make k8s-down PURGE=1, or ARGS=--keep-platform to use it", returncode=1)  # fmt: skip
        found = Cluster()
        try:
            if not there or not workloads():
                _bring_up(put(tmp_path_factory.mktemp("data")), figures)
            yield found
        finally:
            found.close()
            crash.remove()
            if not kept:
                platform.down(purge=True)


@pytest.fixture(scope="session")
def outside(cluster: Cluster) -> Outside:
    """The same, as the outside assertions see it."""
    return cluster


@pytest.fixture
def picture() -> TakePicture:
    """No picture: those of the README are of the platform in Docker."""
    return lambda _page, _name: None


@pytest.fixture(scope="session")
def pipeline(kept: bool, cluster: Cluster, figures: Figures) -> Seen:
    """The pods of the four DAGs, run by hand in order, as `make k8s-run-pipeline` does; none if they had run before."""
    if kept and cluster.ask("/health/ready").is_success:
        return {}
    with watched("app.kubernetes.io/name=airflow-task") as pods, reach.airflow() as airflow:
        seconds = run_pipeline(airflow, lambda *_: None, FEWER_TREES)
    figures["pipeline_seconds"] = round(sum(seconds.values()), 1)
    figures["dag_seconds"] = {dag_id: round(each, 1) for dag_id, each in seconds.items()}
    if IN_DOCKER.is_file():
        figures["pipeline_seconds_in_docker"] = json.loads(IN_DOCKER.read_text(encoding="utf-8")).get(
            "pipeline_seconds"
        )
    figures["memory_after_pipeline_mb"] = memory_mb()
    return pods


def _bring_up(dataset: Path, figures: Figures) -> None:
    """As `make k8s-up`; the Secrets are the first that it gives the cluster."""
    begun, told = monotonic(), dict[str, float]()

    def tell_when(said: str) -> None:
        told.setdefault(said.split()[0], monotonic())

    platform.up(OVERLAY, REGISTRY, dataset, tell_when)
    figures["images_seconds"] = round(told["Secret"] - begun, 1)
    figures["apply_to_ready_seconds"] = round(monotonic() - told["Secret"], 1)
    figures["memory_when_ready_mb"] = memory_mb()
