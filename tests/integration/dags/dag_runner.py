"""Runs DAGs through Airflow's own `dag.test()`, one after the other, and writes down what came of each.

A program of its own, since Airflow reads its environment when it is imported. Standard input: a JSON list of
{"dag", "conf", "asset"}; the only argument names the file that the answers are written to.
"""

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from airflow.configuration import conf
from airflow.dag_processing.dagbag import BundleDagBag, DagBag
from airflow.models import dagrun
from airflow.models.asset import AssetEvent, AssetModel
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy import func, select


def started_by_asset(**arguments: Any) -> dagrun.DagRun:
    """A run as the scheduler makes it for an asset's event; `dag.test()` itself makes manual ones only."""
    made = _original(**arguments)
    made.run_type = DagRunType.ASSET_TRIGGERED
    arguments["session"].commit()
    return made


_original = dagrun.get_or_create_dagrun


def run(bag: DagBag, wanted: dict[str, Any]) -> dict[str, Any]:
    """One run of one DAG: its state, its tasks' and how many events its assets have had."""
    make = started_by_asset if wanted.get("asset") else _original
    with patch.object(dagrun, "get_or_create_dagrun", make):
        ran = bag.dags[wanted["dag"]].test(run_conf=wanted.get("conf"))
    tasks = {
        f"{task.task_id}[{task.map_index}]" if task.map_index >= 0 else task.task_id: [task.state, task.try_number]
        for task in ran.get_task_instances()
    }
    return {"dag": wanted["dag"], "state": ran.state, "run_type": ran.run_type, "tasks": tasks, "events": events()}


def events() -> dict[str, int]:
    """How many events each asset has had."""
    asset = AssetModel.name
    query = select(asset, func.count()).join(AssetEvent, AssetEvent.asset_id == AssetModel.id).group_by(asset)
    with create_session() as session:
        return {str(row[0]): int(row[1]) for row in session.execute(query)}


if __name__ == "__main__":
    folder = Path(conf.get_mandatory_value("core", "dags_folder"))
    bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
    answers = [run(bag, wanted) for wanted in json.load(sys.stdin)]
    Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
