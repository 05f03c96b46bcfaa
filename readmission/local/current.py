"""Whether the pipeline has nothing to do."""

from connections.model_registry import production_version
from connections.settings import Settings


def pipeline_is_current(settings: Settings, source: str | None) -> bool:
    """Whether load, prepared set and training already are of this source, with the DAGs' default params and this code.

    `source` is as for the DAG `cargar_datos`: None for DATASET_SOURCE.
    """
    if production_version(settings) is None:
        return False
    from readmission.clean import prepare
    from readmission.dataset import obtain as sources
    from readmission.dataset.origin import file_sha256
    from readmission.params import ForestParams, PrepareParams
    from readmission.raw import ingest
    from readmission.training import batches

    load = ingest.current_load(settings)
    return (
        load is not None
        and load.sha256 == file_sha256(sources.obtain(settings, source))
        and prepare.is_current(settings, PrepareParams())
        and batches.is_current(settings, ForestParams())
    )
