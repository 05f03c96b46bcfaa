"""What GitHub and pre-commit run is what a person runs, and Dependabot looks where there is something to find."""

import os
import re
import shutil
import subprocess
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from tests.chromium import chromium
from tests.conftest import ROOT


def parsed(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return found


WORKFLOW = parsed(".github/workflows/ci.yml")
UPDATES = parsed(".github/dependabot.yml")["updates"]
# What each ecosystem of Dependabot reads in a folder.
MANIFESTS = {
    "pip": "pyproject.toml",
    "docker": "dockerfile*",
    "docker-compose": "docker-compose.yml",
    "github-actions": ".github/workflows/*.yml",
    "npm": "package-lock.json",
}


def folders(update: dict[str, Any]) -> list[Path]:
    return [ROOT / name.lstrip("/") for name in update.get("directories", [update.get("directory")])]


def test_the_workflow_runs_what_a_person_runs_and_may_only_read() -> None:
    (job,) = WORKFLOW["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()
    assert WORKFLOW["permissions"] == {"contents": "read"} and "permissions" not in job
    assert 75 <= job["timeout-minutes"] <= 120


def test_actions_are_pinned_by_their_commit() -> None:
    jobs = [job for name in ("ci", "weekly") for job in parsed(f".github/workflows/{name}.yml")["jobs"].values()]
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used)


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update["package-ecosystem"])
def test_dependabot_finds_something_in_each_folder(update: dict[str, Any]) -> None:
    for folder in folders(update):
        assert list(folder.glob(MANIFESTS[update["package-ecosystem"]])), folder


def test_dependabot_knows_every_dockerfile() -> None:
    (update,) = (update for update in UPDATES if update["package-ecosystem"] == "docker")
    assert set(folders(update)) == {path.parent for path in [*ROOT.glob("dockerfile*"), *ROOT.glob("*/dockerfile*")]}


def test_dependabot_leaves_the_lock_to_make_lock() -> None:
    (update,) = (update for update in UPDATES if update["package-ecosystem"] == "pip")
    locked = re.findall(r"-o (\S+\.txt)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert len(locked) == 7
    for path in locked:
        assert any(PurePath(path).match(pattern) for pattern in update["exclude-paths"]), path


def test_the_hook_runs_make_lint_alone() -> None:
    (repository,) = parsed(".pre-commit-config.yaml")["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["language"], hook["entry"]) == ("local", "system", "make lint")
    assert hook["always_run"] and not hook["pass_filenames"]


def test_what_needs_a_browser_is_never_skipped_there(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert steps.index("export CI=1") < steps.index("make browser") < steps.index("make test")
    monkeypatch.setattr("shutil.which", lambda _program: None)
    for ci, outcome in (("1", pytest.fail.Exception), ("", pytest.skip.Exception)):
        monkeypatch.setenv("CI", ci)
        with pytest.raises(outcome, match="needs Debian's chromium: make browser"), chromium():
            pass


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with `.ci/run` in it, where `make` and a cluster's maker only say what they were asked."""
    (tmp_path / "project/.ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", tmp_path / "project/.ci/run")
    _program(tmp_path / "bin/make", 'echo "RUN make $* ${IMAGE_LOADER:-}"')
    return tmp_path / "project"


LAB = "../shared/k8s-lab/up"


@pytest.mark.parametrize(
    ("docker", "kubectl", "lab", "run", "skipped"),
    [
        (True, True, True, [f"{LAB} --reset", f"{LAB} ", f"make e2e-k8s {LAB} --load"], []),
        (True, True, False, ["make e2e-k8s "], []),
        (True, False, False, [], ["make e2e-k8s"]),
        (False, True, True, [], ["make test-mysql and make e2e", "make e2e-k8s"]),
    ],
    ids=["a cluster can be made", "kubectl knows one", "no cluster", "no engine"],
)
def test_the_cluster_comes_after_docker_or_is_skipped_loudly(
    project: Path, docker: bool, kubectl: bool, lab: bool, run: list[str], skipped: list[str]
) -> None:
    _program(project.parent / "bin/docker", "" if docker else "exit 1")
    _program(project.parent / "bin/kubectl", "" if kubectl else "exit 1")
    if lab:
        _program(project / LAB, 'echo "RUN $0 $*"')
    path = {"PATH": f"{project.parent / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(("bash", ".ci/run"), cwd=project, env=path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    ran = re.findall(r"^RUN (.*)$", done.stdout, flags=re.MULTILINE)
    before = "make e2e " if docker else "make leakage "
    assert ran[next(place for place, one in enumerate(ran) if one.startswith(before)) + 1 :] == run
    assert re.findall(r"SKIPPED: (.*?)\.", done.stdout) == skipped


def _program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
