"""A real Airflow under its supervisor, and what a person, or a machine without memory, does to a training in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
import psutil
from mlflow.entities import Run

from connections.model_registry import client
from connections.settings import Settings
from readmission.dag_runs.airflow_api import ENDED, AirflowClient, DagRun, TaskInstance
from readmission.dag_runs.run import wait_for_dags
from readmission.dag_runs.unfinished import asking
from readmission.errors import InUseError
from readmission.local import airflow as local_airflow
from readmission.local.demo import airflow_client
from readmission.local.platform import Platform
from readmission.storage.leases import Lease
from readmission.training import recovery
from tests.integration.training.test_recovery import held

TRAINING, PREPARING, CLOSING = "entrenar_modelo", "preprocesar_datos", "cerrar_entrenamiento"
SCHEDULER = "airflow-scheduler"
# So large a forest that a batch goes on until it is broken off.
_SLOW = {"n_estimators": 2000, "min_samples_leaf": 1, "max_features": 1.0}


@dataclass(frozen=True)
class Trial:
    """An Airflow in which the DAGs are active, and the stores that its trainings use."""

    settings: Settings
    platform: Platform
    airflow: AirflowClient

    def begin(self) -> DagRun:
        """A run of the training whose batch takes minutes."""
        return self.airflow.trigger(TRAINING, _SLOW)

    def free_lost(self) -> Lease | None:
        """What `readmission unlock` does."""
        password = self.settings.airflow_admin_password.get_secret_value()
        return recovery.free_lost(
            self.settings, asking(self.settings.url("airflow"), self.settings.airflow_admin_user, password)
        )

    def refusal(self) -> str | None:
        """Why the data cannot be had, or None once they can, and are freed."""
        try:
            self.free_lost()
        except InUseError as error:
            return str(error)
        return None

    def is_free(self, run: DagRun) -> bool:
        """Whether what a run used is nobody's, and nothing of it is open in MLflow."""
        return held(self.settings) is None and not self.runs(run, "RUNNING")

    def runs(self, of: DagRun, status: str, kind: str = "") -> list[Run]:
        """The MLflow runs of a DAG run in one status: the training's, its batches' or both."""
        tracking = client(self.settings)
        experiment = tracking.get_experiment_by_name(self.settings.experiment)
        if experiment is None:
            return []
        every = tracking.search_runs([experiment.experiment_id])
        trainings = [run for run in every if run.data.tags["kind"] == "training"]
        mine = {run.info.run_id for run in trainings if of.dag_run_id in run.data.tags["held_by"]}
        found = [run for run in every if mine & {run.info.run_id, run.data.tags.get("mlflow.parentRunId")}]
        return [run for run in found if run.info.status == status and kind in ("", run.data.tags["kind"])]

    def has_ended(self, run: DagRun) -> bool:
        """Whether Airflow takes the run as ended."""
        return self.airflow.run(run).state in ENDED

    def task(self, run: DagRun, task_id: str) -> TaskInstance:
        """A task of a run; the first of a mapped one."""
        return next(task for task in self.airflow.task_instances(run) if task.task_id == task_id)

    def request(self, method: str, run: DagRun, below: str = "", **body: str) -> httpx.Response:
        """What a person does to a run on Airflow's pages."""
        settings = self.settings
        password = settings.airflow_admin_password.get_secret_value()
        with httpx.Client(base_url=settings.url("airflow"), timeout=30, trust_env=False) as http:
            account = {"username": settings.airflow_admin_user, "password": password}
            token = http.post("/auth/token", json=account).json()["access_token"]
            path = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.dag_run_id}{below}"
            answer = http.request(method, path, json=body or None, headers={"Authorization": f"Bearer {token}"})
        assert answer.is_success, answer.text
        return answer

    def delete(self, run: DagRun) -> None:
        """Deletes a run whose tasks run: Airflow refuses that of a running one, and not of one that waits."""
        self.airflow.set_paused(run.dag_id, True)
        self.request("PATCH", run, state="queued")
        self.request("DELETE", run)
        self.airflow.set_paused(run.dag_id, False)

    def process(self, run: DagRun) -> psutil.Process:
        """The process of the task of a run that is at work."""
        (task,) = self.request("GET", run, "/taskInstances?state=running").json()["task_instances"]
        title = f"airflow worker -- {task['id']}"
        return next(each for each in psutil.process_iter(["cmdline"]) if title in (each.info["cmdline"] or []))

    def pid_of(self, service: str) -> int:
        """The process that the supervisor runs for a service."""
        return self.platform.supervisor.states()[service].pid


@contextmanager
def airflow_of(settings: Settings) -> Iterator[Trial]:
    """Runs an Airflow of the settings' own for the block, as the platform does."""
    # Nobody edits the DAGs meanwhile: to read them again every few seconds would cost half of a core.
    quiet = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600"}
    declared = local_airflow.services(settings)
    platform = Platform(settings, tuple(replace(one, environment={**one.environment, **quiet}) for one in declared))
    platform.up(lambda *_: None)
    try:
        with airflow_client(settings) as airflow:
            wait_for_dags(airflow)
            for dag_id in (TRAINING, PREPARING):
                airflow.set_paused(dag_id, False)
            yield Trial(settings, platform, airflow)
    finally:
        platform.down()
