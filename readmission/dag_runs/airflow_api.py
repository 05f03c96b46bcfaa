"""A small client of Airflow's REST API: enough to activate DAGs, run them and see what their tasks do."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from readmission.errors import ReadmissionError

_ANSWER_SECONDS = 30.0
ENDED = frozenset({"success", "failed"})
_AT_WORK = "state=queued&state=running&state=restarting"


class AirflowError(ReadmissionError):
    """Airflow does not answer, or refuses a request."""


class DagRun(BaseModel):
    """A run of a DAG."""

    dag_id: str
    dag_run_id: str
    state: Literal["queued", "running", "success", "failed"]


class TaskInstance(BaseModel):
    """A task of a run; `map_index` is -1 unless the task is mapped. It has no state until it is scheduled."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    rendered_map_index: str | None = None
    end_date: datetime | None = None

    @property
    def title(self) -> str:
        """How a person tells it from others."""
        if self.map_index < 0:
            return self.task_id
        return f"{self.task_id} [{self.rendered_map_index or self.map_index}]"


class AirflowClient:
    """Talks to one Airflow as one user. The token is fetched at the first request, and again when it expires."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=_ANSWER_SECONDS, trust_env=False)
        self._account = {"username": user, "password": password}

    def __enter__(self) -> Self:
        """Closes its connections at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def dag_exists(self, dag_id: str) -> bool:
        """Whether Airflow has read the DAG."""
        return self._send("GET", f"/api/v2/dags/{dag_id}").status_code == httpx.codes.OK

    def import_errors(self) -> list[str]:
        """What Airflow could not import, file by file."""
        found = self._get("/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in found]

    def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pauses or activates a DAG."""
        self._checked("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": paused})

    def trigger(self, dag_id: str, conf: Mapping[str, object] | None = None) -> DagRun:
        """Starts a run by hand, with params other than the DAG's defaults in `conf`."""
        wanted = {"logical_date": None, "conf": dict(conf or {})}
        return DagRun.model_validate(self._checked("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=wanted).json())

    def runs(self, dag_id: str) -> list[DagRun]:
        """The DAG's latest hundred runs, newest first."""
        found = self._get(f"/api/v2/dags/{dag_id}/dagRuns?order_by=-run_after&limit=100")["dag_runs"]
        return TypeAdapter(list[DagRun]).validate_python(found)

    def unfinished(self, dag_id: str) -> list[DagRun]:
        """The DAG's runs that are queued or running."""
        found = self._get(f"/api/v2/dags/{dag_id}/dagRuns?state=queued&state=running&limit=100")["dag_runs"]
        return TypeAdapter(list[DagRun]).validate_python(found)

    def run(self, run: DagRun) -> DagRun:
        """The run as it is now."""
        return DagRun.model_validate(self._get(_path(run)))

    def unfinished_run(self, dag_id: str, run_id: str) -> bool:
        """Whether a run has not ended, or one of its tasks runs or is queued; one that was deleted has ended."""
        run = DagRun(dag_id=dag_id, dag_run_id=run_id, state="running")
        if self._send("GET", _path(run)).status_code == httpx.codes.NOT_FOUND:
            return False
        at_work = self._get(f"{_path(run)}/taskInstances?{_AT_WORK}&limit=1")["task_instances"]
        return self.run(run).state not in ENDED or bool(at_work)

    def task_instances(self, run: DagRun) -> list[TaskInstance]:
        """The run's tasks, those of a mapped task one by one."""
        found = self._get(f"{_path(run)}/taskInstances?limit=100")["task_instances"]
        return TypeAdapter(list[TaskInstance]).validate_python(found)

    def task_log(self, run: DagRun, task: TaskInstance) -> list[str]:
        """The lines of the log of a task's last try."""
        path = f"{_path(run)}/taskInstances/{task.task_id}/logs/{max(task.try_number, 1)}"
        content = self._get(f"{path}?map_index={task.map_index}&full_content=true")["content"]
        lines = (_line(entry) for entry in content)
        return [line for line in lines if "::group::" not in line and "::endgroup::" not in line]

    def _get(self, path: str) -> Any:
        return self._checked("GET", path).json()

    def _checked(self, method: str, path: str, json: object = None) -> httpx.Response:
        answer = self._send(method, path, json)
        if answer.is_error:
            raise AirflowError(f"Airflow refused {method} {path}: {answer.status_code} {_detail(answer)}")
        return answer

    def _send(self, method: str, path: str, json: object = None) -> httpx.Response:
        try:
            answer = self._authorized(method, path, json)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self._http.headers.pop("Authorization", None)
                answer = self._authorized(method, path, json)
            return answer
        except httpx.HTTPError as error:
            raise AirflowError(f"Airflow at {self._http.base_url} does not answer: {error}") from error

    def _authorized(self, method: str, path: str, json: object) -> httpx.Response:
        if "Authorization" not in self._http.headers:
            self._http.headers["Authorization"] = f"Bearer {self._token()}"
        return self._http.request(method, path, json=json, headers={"Accept": "application/json"})

    def _token(self) -> str:
        answer = self._http.post("/auth/token", json=self._account)
        if answer.is_error:
            raise AirflowError(f"Airflow refused the user {self._account['username']!r}: {answer.status_code}")
        return str(answer.json()["access_token"])


def _detail(answer: httpx.Response) -> str:
    """What Airflow says of a refusal; nothing of an answer that is not of Airflow's shape."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"({len(answer.content):,} bytes that are no error of Airflow's)"
    return str(detail)[:300]


def _path(run: DagRun) -> str:
    return f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.dag_run_id, safe='')}"


def _line(entry: str | Mapping[str, Any]) -> str:
    if isinstance(entry, str):
        return entry
    detail = entry.get("error_detail")
    raised = "".join(f"\n  {error['exc_type']}: {error['exc_value']}" for error in detail or [])
    return f"{entry.get('timestamp') or ''} {entry.get('level') or ''} {entry['event']}{raised}".strip()
