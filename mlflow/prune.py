"""Deletes what no longer serves from MLflow: old trainings with their batch models, and what was deleted long ago.

Runs where the server's settings are, beside it or without it: on its database and its files. An old training goes in
two steps: it is deleted as a person deletes a run, and can be restored; after so many days it is gone with its files.
One stays whole while it is among the last of its experiment, has not ended, or gave a version that has an alias or a
stage, or is among the last that were promoted: what production, a challenger and a rollback need. Nobody else's runs
are deleted.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities import LoggedModel, Run, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking import MlflowClient

_DAY_MS = 24 * 3_600 * 1_000
_PROMOTED = "promoted_at"
_RUNNING = ("RUNNING", "SCHEDULED")
_PROXIED = "mlflow-artifacts:/"


@dataclass
class Plan:
    """What goes: of old trainings the versions, models and runs; and for good what was deleted long ago."""

    versions: list[ModelVersion] = field(default_factory=list)
    models: list[LoggedModel] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    gone_models: list[LoggedModel] = field(default_factory=list)
    gone_runs: list[Run] = field(default_factory=list)

    def said(self, dry: bool) -> str:
        """What it comes to."""
        return (
            f"MLflow: {'would delete' if dry else 'deleted'} {len(self.runs)} runs, {len(self.models)} models and "
            f"{len(self.versions)} versions of old trainings; {'would remove' if dry else 'removed'} for good "
            f"{len(self.gone_runs)} runs and {len(self.gone_models)} models that were deleted before"
        )


def plan(client: MlflowClient, keep: int, days: int) -> Plan:
    """Looks, and changes nothing."""
    experiments = [one.experiment_id for one in _pages(client.search_experiments, view_type=ViewType.ALL)]
    runs = _pages(client.search_runs, experiment_ids=experiments, run_view_type=ViewType.ALL)
    versions: list[ModelVersion] = _pages(client.search_model_versions)
    trainings = {run.info.run_id for run in runs if run.data.tags.get("kind") == "training"}
    # By run the one that it belongs to: a batch's is its training, and anybody else's is its own.
    whose = {run.info.run_id: run.data.tags.get("mlflow.parentRunId", run.info.run_id) for run in runs}
    needed = _needed(client, versions, keep, whose)
    kept = needed | _recent(runs, keep)
    old = {run for run, parent in whose.items() if parent in trainings - kept}
    store = client._tracking_client.store
    named = {version.source for version in versions if version.run_id not in old}
    gone_models = [
        store.get_logged_model(one, allow_deleted=True) for one in store._get_deleted_logged_models(days * _DAY_MS)
    ]
    gone_runs = set(store._get_deleted_runs(days * _DAY_MS))
    return Plan(
        versions=[one for one in versions if one.run_id in old],
        models=[one for one in _models(client, experiments) if one.source_run_id in old],
        runs=[one for one in runs if one.info.run_id in old and one.info.lifecycle_stage == "active"],
        gone_models=[
            one
            for one in gone_models
            if f"models:/{one.model_id}" not in named and whose.get(one.source_run_id) not in needed
        ],
        gone_runs=[one for one in runs if one.info.run_id in gone_runs and whose[one.info.run_id] not in needed],
    )


def carry_out(client: MlflowClient, what: Plan, destination: str) -> None:
    """Versions go before the models that they name, and files before their record: what breaks off is done again."""
    for version in what.versions:
        client.delete_model_version(version.name, version.version)
    for model in what.models:
        client.delete_logged_model(model.model_id)
    for run in what.runs:
        client.delete_run(run.info.run_id)
    store = client._tracking_client.store
    for model in what.gone_models:
        _delete_files(model.artifact_location, destination)
        store._hard_delete_logged_model(model.model_id)
    for run in what.gone_runs:
        _delete_files(run.info.artifact_uri, destination)
        store._hard_delete_run(run.info.run_id)


def _needed(
    client: MlflowClient, versions: Iterable[ModelVersion], keep: int, whose: Mapping[str, str]
) -> set[str | None]:
    """The trainings of versions that have an alias or a stage, and of each model's last that were promoted."""
    models = [client.get_registered_model(one.name) for one in _pages(client.search_registered_models)]
    aliased = {(model.name, str(number)) for model in models for number in model.aliases.values()}
    promoted: dict[str, list[ModelVersion]] = defaultdict(list)
    found: set[str | None] = set()
    for version in versions:
        if (version.name, str(version.version)) in aliased or version.current_stage in ("Production", "Staging"):
            found.add(version.run_id)
        if _PROMOTED in version.tags:
            promoted[version.name].append(version)
    for of_model in promoted.values():
        of_model.sort(key=lambda version: str(version.tags[_PROMOTED]), reverse=True)
        found |= {version.run_id for version in of_model[: max(keep, 2)]}
    return {whose.get(run or "", run) for run in found}


def _recent(runs: Iterable[Run], keep: int) -> set[str]:
    """The trainings that have not ended, and the last of each experiment that ended well."""
    found = {run.info.run_id for run in runs if run.info.status in _RUNNING}
    ended: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.data.tags.get("kind") == "training" and run.info.status == "FINISHED":
            ended[run.info.experiment_id].append(run)
    for of_experiment in ended.values():
        of_experiment.sort(key=lambda run: run.info.start_time, reverse=True)
        found |= {run.info.run_id for run in of_experiment[:keep]}
        # One that failed after them says why it failed.
        since = of_experiment[:keep][-1].info.start_time
        found |= {run.info.run_id for run in runs if run.info.start_time >= since}
    return found if ended else {run.info.run_id for run in runs}


def _models(client: MlflowClient, experiments: list[str]) -> list[LoggedModel]:
    return _pages(client.search_logged_models, experiment_ids=experiments) if experiments else []


def _pages(search: Any, **what: Any) -> list[Any]:
    found, token = [], None
    while True:
        page = search(**what, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _delete_files(location: str, destination: str) -> None:
    """Deletes a folder of files where the server keeps it; nothing happens where there is none."""
    if not location.startswith(_PROXIED) or not (path := location[len(_PROXIED) :].strip("/")):
        return
    get_artifact_repository(f"{destination.rstrip('/')}/{path}").delete_artifacts()  # type: ignore[no-untyped-call]


def main() -> None:
    """Says what it deleted, or with --dry what it would."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=int, required=True, help="trainings that stay, at least 1")
    parser.add_argument("--days", type=int, required=True, help="after which what is deleted is gone for good")
    parser.add_argument("--dry", action="store_true", help="only say it")
    asked = parser.parse_args()
    if asked.keep < 1 or asked.days < 1:
        parser.error("--keep and --days are 1 or more")
    uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    what = plan(client, asked.keep, asked.days)
    if not asked.dry:
        carry_out(client, what, os.environ["MLFLOW_ARTIFACTS_DESTINATION"])
    sys.stdout.write(f"{what.said(asked.dry)}\n")


if __name__ == "__main__":
    main()
