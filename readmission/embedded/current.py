"""Whether the pipeline has nothing to do."""

from connections.model_registry import production_version
from connections.settings import Settings


def pipeline_is_current(settings: Settings, source: str | None) -> bool:
    """Whether load, prepared set and training already are of this source, with the DAGs' default params and this code.

    `source` is as for the DAG `cargar_datos`: None for DATASET_SOURCE.
    """
    if production_version(settings) is None:
        return False
    from readmission import ingest, prepare, training
    from readmission import source as sources
    from readmission.params import ForestParams, PrepareParams
    from readmission.provenance import file_sha256

    load = ingest.current_load(settings)
    return (
        load is not None
        and load.sha256 == file_sha256(sources.obtain(settings, source))
        and prepare.is_current(settings, PrepareParams())
        and training.is_current(settings, ForestParams())
    )
