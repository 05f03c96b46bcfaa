"""`make demo`: from nothing to a logged prediction, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from rich.console import Console

from connections.model_registry import client, production_version
from connections.settings import SYNTHETIC, UCI_ARCHIVE, Settings
from readmission.dag_runs.airflow_api import AirflowClient
from readmission.dag_runs.progress_table import ProgressTable, download_progress
from readmission.dag_runs.run import PIPELINE, finish_begun, run_pipeline
from readmission.errors import SourceError
from readmission.local.first_prediction import predict
from readmission.local.platform import Platform
from readmission.local.summary import Summary, addresses, show, trained, write
from readmission.registry.at_start import adopt_production
from readmission.registry.descriptions import runs_page

LOAD_DAG = "cargar_datos"
# In the place of a source: nothing is loaded, and the pipeline goes on with the rows that are there.
ROWS_THERE = "rows that are there"


@dataclass
class Demo:
    """One demo: its platform, where it is shown, and the seconds of each step so far."""

    platform: Platform
    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The platform's settings."""
        return self.platform.settings

    def run(self, summary_path: Path) -> None:
        """Obtains the data, starts the services, runs the pipeline, predicts once and tells about it.

        Raises:
            ReadmissionError: a step failed; the message says which and what to do.
        """
        with self._step("dataset"):
            source = self._dataset()
        with self._step("services"), ProgressTable(self.console, "Services", "Service") as table:
            self.platform.up(table.service, self._tell)
            adopt_production(self.settings, self._tell)
        with self._step("pipeline"):
            self._pipeline(source)
        with self._step("prediction"):
            version = production_version(self.settings)
            prediction = predict(self.settings, version.version if version else None)
        summary = Summary(
            **trained(self.settings).model_dump(),
            prediction=prediction,
            addresses=addresses(self.settings, runs_page(client(self.settings), self.settings)),
            seconds=self.seconds,
        )
        write(summary, summary_path)
        show(self.console, summary, self.settings)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = monotonic()
        yield
        self.seconds[name] = round(monotonic() - begun, 1)

    def _dataset(self) -> str | None:
        from readmission.dataset import obtain

        try:
            with (
                download_progress(self.console, "Data set") as progress,
                obtain.obtain(self.settings, progress=progress) as file,
            ):
                self.console.print(f"Data set: {file.name}", highlight=False, markup=False)
            return None
        except SourceError as error:
            if self.settings.dataset_source != UCI_ARCHIVE:
                raise
            source, said = without_data(self.settings, error)
            self._tell(said)
            return source

    def _tell(self, what: str) -> None:
        self.console.print(what, style="yellow", highlight=False, markup=False)

    def _pipeline(self, source: str | None) -> None:
        with airflow_client(self.settings) as airflow, ProgressTable(self.console, "Pipeline", "DAG") as table:
            finish_begun(airflow, table.dag)
            if pipeline_is_current(self.settings, source):
                self.console.print("The pipeline's results are current, so it is not run again.")
                return
            steps = [dag_id for dag_id in PIPELINE if dag_id != LOAD_DAG or source != ROWS_THERE]
            seconds = run_pipeline(airflow, table.dag, {LOAD_DAG: {"source": source}}, steps)
        self.seconds |= {dag_id: round(took, 1) for dag_id, took in seconds.items()}


def airflow_client(settings: Settings) -> AirflowClient:
    """A client of the settings' Airflow, as its first user."""
    password = settings.airflow_admin_password.get_secret_value()
    return AirflowClient(settings.url("airflow"), settings.airflow_admin_user, password)


def pipeline_is_current(settings: Settings, source: str | None) -> bool:
    """Whether load, prepared set and training already are of this source, with the DAGs' default params and this code.

    `source` is as for the DAG `cargar_datos`, None for DATASET_SOURCE, or ROWS_THERE.
    """
    if production_version(settings) is None:
        return False
    from readmission.clean import prepare
    from readmission.dataset import obtain as sources
    from readmission.params import ForestParams, PrepareParams
    from readmission.raw import ingest
    from readmission.training import batches

    load = ingest.current_load(settings)
    if load is None or not (
        prepare.is_current(settings, PrepareParams()) and batches.is_current(settings, ForestParams())
    ):
        return False
    if source == ROWS_THERE:
        return True
    with sources.obtain(settings, source) as file:
        return load.sha256 == file.sha256


def without_data(settings: Settings, error: SourceError) -> tuple[str, str]:
    """What the demo goes on with where the data set cannot be had, for `pipeline_is_current`, and how it says so."""
    from readmission.raw import ingest

    there = ingest.current_load(settings)
    if there is None:
        goes_on = (
            f"{settings.synthetic_rows:,} made-up encounters, and everything it makes says so (dataset: synthetic)"
        )
    else:
        goes_on = f"the {there.rows:,} {there.dataset} encounters that are there (load {there.load_id})"
    return (SYNTHETIC if there is None else ROWS_THERE), (
        f"The real data set could not be obtained ({error}). The demo goes on with {goes_on}. For the real data, set "
        "DATASET_SOURCE in .env to a copy of the UCI archive (csv, gz, zip or an address) and run `make demo` again."
    )
