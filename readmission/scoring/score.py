"""Scores a file: reads, scores and writes chunk by chunk, and leaves either all of the result or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connections.model_registry import RegisteredVersion, make_default, numbered_version
from connections.settings import Settings
from readmission.atomic_files import replacing
from readmission.clock import now
from readmission.code_version import git_revision
from readmission.errors import InvalidFileError, PromotionError
from readmission.progress import Progress, silent
from readmission.registry.records import verified_production
from readmission.scoring.choices import Options
from readmission.scoring.chunks import Results
from readmission.scoring.engines import Engine, cores, engine_of
from readmission.scoring.results import ModelRecord, check_place, disk_told, record_of, writer_to
from readmission.scoring.tables import Table, open_table, sha256_and_lines


@dataclass(frozen=True)
class Model:
    """A registered version, ready to score."""

    version: RegisteredVersion
    engine: Engine


def score(
    settings: Settings, source: Path, out: Path, options: Options | None = None, progress: Progress = silent
) -> ModelRecord:
    """Writes the probability of each encounter of `source` to `out`, and which model it was beside that.

    Raises:
        InvalidFileError: the file is no table of encounters, or a row is refused; nothing is written.
        ResultExistsError: `out` is there already, or is `source`.
        PromotionError: there is no such version, or none in production.
        DiskFullError: the result does not fit; nothing is written.
    """
    chosen = options or Options()
    check_place(source, out, chosen.overwrite)
    table = open_table(source)
    make_default(settings)
    version = _version(settings, chosen.version)
    with engine_of(settings, version, chosen.engine, chosen.threads or cores()) as engine:
        return score_table(settings, table, Model(version, engine), source, out, chosen, progress)


def score_table(
    settings: Settings,
    table: Table,
    model: Model,
    source: Path,
    out: Path,
    options: Options,
    progress: Progress = silent,
) -> ModelRecord:
    """As `score`, with a table that was opened and a model in memory."""
    results = Results(table, model.version, model.engine, report=options.on_error == "report")
    with disk_told(out), replacing(out) as part, replacing(record_of(out)) as record_part:
        with _unchanged(source), writer_to(part, out) as writer:
            sha256, lines = sha256_and_lines(source)
            for rows in results:
                writer.write(rows)
                progress(results.rows, max(table.rows(lines), results.rows))
        results.check(source.name)
        record = _record(settings, model, table, results, source, (sha256, sha256_and_lines(part)[0]))
        record_part.write_text(f"{record.model_dump_json(indent=2)}\n", encoding="utf-8")
        check_place(source, out, options.overwrite)
    return record


def _version(settings: Settings, number: int | None) -> RegisteredVersion:
    if number is None:
        version = verified_production(settings)
        missing = "no version is in production yet; run `readmission train` or the DAG entrenar_modelo"
    else:
        version = numbered_version(settings, number)
        missing = f"{settings.model_name} has no version {number}; MLflow's page of the model lists them"
    if version is None:
        raise PromotionError(missing)
    return version


@contextmanager
def _unchanged(source: Path) -> Iterator[None]:
    before = source.stat()
    yield
    after = source.stat()
    if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
        raise InvalidFileError(f"{source.name} was changed while it was read; score it again")


def _record(
    settings: Settings, model: Model, table: Table, results: Results, source: Path, sha256: tuple[str, str]
) -> ModelRecord:
    config = model.engine.config
    return ModelRecord(
        model_name=model.version.name,
        model_version=model.version.version,
        run_id=model.version.run_id,
        dataset=config.dataset,
        target=config.target,
        threshold=config.threshold,
        contract_version=config.contract_version,
        engine=model.engine.name,
        input=source.name,
        input_sha256=sha256[0],
        input_columns=table.kind.name,
        remarks=list(results.remarks()),
        rows=results.rows,
        refused=results.refused,
        output_sha256=sha256[1],
        scored_at=now(),
        code_revision=git_revision(settings),
    )
