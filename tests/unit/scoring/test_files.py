"""A file that is scored: what the result holds, in both kinds of file and of columns, and what is refused."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from readmission import synthetic
from readmission.clean.cleaning import clean
from readmission.errors import InvalidFileError, ReadmissionError, ResultExistsError, SourceError
from readmission.features import DEATH_OR_HOSPICE
from readmission.inference import Scorer
from readmission.scoring.results import record_of
from readmission.scoring.tables import CHUNK_ROWS
from tests.unit.encounters import raw_rows
from tests.unit.scoring.conftest import Score

ROWS = CHUNK_ROWS + 3_000  # more than one chunk


@pytest.fixture(scope="module")
def encounters(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Encounters that can be readmitted, in the source's spelling, all as text."""
    path = tmp_path_factory.mktemp("csv") / "made_up.csv"
    synthetic.write(path, ROWS, seed=4)
    raw = pl.read_csv(path, infer_schema=False)
    left = ~pl.col("discharge_disposition_id").is_in(sorted(DEATH_OR_HOSPICE)) & (pl.col("gender") != "Unknown/Invalid")
    return raw.filter(left)


def as_requests(encounters: pl.DataFrame) -> pl.DataFrame:
    """The same encounters in a request's fields."""
    codes = {
        "admission_type_id": "admission_type_code",
        "discharge_disposition_id": "discharge_code",
        "admission_source_id": "admission_source_code",
    }
    fields = encounters.rename(codes).rename(lambda name: name.replace("-", "_"))
    age = pl.col("age").str.extract(r"(\d+)").cast(pl.Int64) + 5
    return fields.with_columns(age.cast(pl.String), pl.all().exclude("age").replace("?", "")).drop(
        "readmitted", "weight"
    )


def written(frame: pl.DataFrame, path: Path) -> Path:
    """The frame as the kind of file that its name says; a Parquet file with numbers as numbers."""
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        whole = [name for name in frame.columns if frame[name].str.contains(r"^\d+$").all()]
        frame.with_columns(pl.col(whole).cast(pl.Float64)).write_parquet(path)
    return path


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)


@pytest.mark.parametrize("columns", ["source", "request"])
@pytest.mark.parametrize("source", ["in.csv", "in.parquet"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_each_kind_gives_what_the_served_model_answers(
    encounters: pl.DataFrame, columns: str, source: str, out: str, tmp_path: Path, score: Score, scorer: Scorer
) -> None:
    frame = encounters if columns == "source" else as_requests(encounters)
    record = score(written(frame, tmp_path / source), tmp_path / out)
    result = read(tmp_path / out)
    some = clean(encounters.lazy(), "lt30").collect().gather_every(97)
    expected = scorer.probabilities(
        some.select(*scorer.encoding.categories, *(n.name for n in scorer.config.numbers)).to_dicts()
    )
    assert np.abs(result.gather_every(97)["probability"].to_numpy() - expected).max() <= 1e-9
    assert result["encounter_id"].cast(pl.Int64).to_list() == encounters["encounter_id"].cast(pl.Int64).to_list()
    assert result.columns == ["encounter_id", "probability", "prediction", "threshold", "model_name", "model_version"]
    assert (result["prediction"] == (result["probability"] >= scorer.config.threshold).cast(pl.Int8)).all()
    assert set(result["model_name"]) == {"modelo"} and set(map(str, result["model_version"])) == {"7"}
    assert (record.rows, record.refused, record.input_columns) == (encounters.height, 0, columns)


def test_either_engine_answers_the_same(encounters: pl.DataFrame, tmp_path: Path, score: Score) -> None:
    source = written(encounters, tmp_path / "in.csv")
    results = []
    for engine in ("onnx", "sklearn"):
        assert score(source, tmp_path / f"{engine}.csv", engine).engine == engine
        results.append(read(tmp_path / f"{engine}.csv")["probability"].to_numpy())
    assert 0 < np.abs(results[0] - results[1]).max() <= 1e-6


def test_the_record_beside_the_result_says_which_model_it_was(tmp_path: Path, score: Score, scorer: Scorer) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "deep/out.csv"
    raw_rows({}, {"age": "[80-90)"}).collect().drop("readmitted", "payer_code").with_columns(
        pl.lit("x").alias("ward")
    ).write_csv(source)
    score(source, out)
    told = json.loads((tmp_path / "deep/out.csv.model.json").read_text())
    config = scorer.config
    assert told["model_name"], told["model_version"] == ("modelo", "7")
    assert (told["run_id"], told["dataset"], told["threshold"]) == ("run", "synthetic", config.threshold)
    assert told["input"] == "in.csv" and told["rows"] == 2
    assert told["input_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert told["output_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert told["scored_at"].endswith("Z") and len(told["code_revision"]) >= 7
    assert told["remarks"] == [
        "columns were read as the source's columns",
        "columns that are none of the source's columns were not read: column 'ward'",
        "fields that the file does not tell have their defaults: payer_code=missing",
    ]
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.csv", "out.csv.model.json"]


BAD: tuple[dict[str, str], ...] = (
    {},
    {"age": "[60-70"},
    {"diag_1": "I50.9", "gender": "Male"},
    {"discharge_disposition_id": "13"},
    {},
)


def test_a_bad_row_refuses_the_file_and_names_line_and_column(tmp_path: Path, score: Score) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    raw_rows(*BAD).collect().write_csv(source)
    with pytest.raises(InvalidFileError) as refused:
        score(source, out)
    said = str(refused.value)
    assert said.startswith("in.csv: 3 refused; nothing was written")
    assert "  line 3, age: a value is unknown; known: [0-10)" in said
    assert "  line 4, diag_1: a value looks like ICD-10" in said
    assert "  line 5, discharge_disposition_id: a code means death or hospice" in said
    assert [path.name for path in tmp_path.iterdir() if path.name != "var"] == ["in.csv"]


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_bad_rows_are_reported_in_their_places(tmp_path: Path, score: Score, out: str) -> None:
    source = tmp_path / "in.csv"
    lines = raw_rows(*BAD).collect().write_csv().splitlines()
    source.write_text("\n".join([*lines[:2], "no,row", *lines[2:]]) + "\n")
    record = score(source, tmp_path / out, on_error="report")
    result = read(tmp_path / out)
    assert (record.rows, record.refused) == (6, 4)
    assert result.select(pl.col("probability", "prediction").is_null()).to_dicts() == [
        dict.fromkeys(("probability", "prediction"), refused) for refused in (False, True, True, True, True, False)
    ]
    assert result["encounter_id"].cast(pl.String).to_list() == ["1", None, "2", "3", "4", "5"]
    errors = result["error"].to_list()
    assert (errors[0], errors[1], errors[5]) == (None, "50 cells (this line has 2)", None)
    assert errors[2].startswith("age: '[60-70' is unknown")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_bad_row_far_down_leaves_nothing_either(
    encounters: pl.DataFrame, kind: str, tmp_path: Path, score: Score
) -> None:
    bad = encounters.with_row_index("n").with_columns(
        pl.when(pl.col("n") == CHUNK_ROWS + 700).then(pl.lit("old")).otherwise(pl.col("age")).alias("age")
    )
    source = written(bad.drop("n"), tmp_path / f"in.{kind}")
    place = f"line {CHUNK_ROWS + 702}" if kind == "csv" else f"row {CHUNK_ROWS + 701}"
    with pytest.raises(InvalidFileError, match=f"{place}, age: a value is unknown"):
        score(source, tmp_path / "out.csv")
    assert not list(tmp_path.glob("*out*"))


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path, score: Score) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    raw_rows({}).collect().write_csv(source)
    out.write_text("theirs")
    with pytest.raises(ResultExistsError, match=r"out\.csv exists: name another file, or add --overwrite"):
        score(source, out)
    assert out.read_text() == "theirs"
    score(source, out, overwrite=True)
    assert read(out).height == 1
    (tmp_path / "link.csv").symlink_to(source)
    for same in (source, tmp_path / "link.csv", tmp_path / "deep/../in.csv"):
        (tmp_path / "deep").mkdir(exist_ok=True)
        with pytest.raises(ResultExistsError, match="is the file to score"):
            score(source, same, overwrite=True)
    record_of(tmp_path / "new.csv").write_text("theirs")
    with pytest.raises(ResultExistsError, match=r"new\.csv\.model\.json exists"):
        score(source, tmp_path / "new.csv")


def _refused(source: Path, score: Score) -> str:
    with pytest.raises(ReadmissionError) as refused:
        score(source, source.with_name("out.csv"))
    assert isinstance(refused.value, InvalidFileError | SourceError)
    assert not list(source.parent.glob("*out*"))
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.csv", b"", "is empty"),
        ("in.csv", b"name,ward\nx,7\n", "has no line of column names"),
        ("in.csv", b"age\n", "has column names and no encounter"),
        ("in.csv", b"age,age\n1,2\n", "repeated: age"),
        ("in.csv", b"age\n\xff\n", "is not UTF-8 text at line 2"),
        ("in.csv", b"PK\x03\x04", "a zip archive"),
        ("in.csv", b"PAR1....", "a Parquet file"),
        ("in.parquet", b"PAR1 no", "is no Parquet file, or damaged"),
        ("in.xlsx", b"PK", "is named neither .csv nor .parquet"),
    ],
)
def test_what_is_no_table_of_encounters_is_one_line(
    name: str, content: bytes, said: str, tmp_path: Path, score: Score
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in _refused(tmp_path / name, score)


def test_an_identifying_column_alone_is_nothing_to_score(tmp_path: Path, score: Score) -> None:
    (tmp_path / "in.csv").write_text("encounter_id,patient_nbr\n1,2\n")
    assert "has no column that the model uses" in _refused(tmp_path / "in.csv", score)


def test_odd_parquet_columns_are_named(tmp_path: Path, score: Score) -> None:
    pl.DataFrame({"age": [[1, 2]], "gender": ["Male"]}).write_parquet(tmp_path / "in.parquet")
    assert "column 'age' holds neither text nor numbers" in _refused(tmp_path / "in.parquet", score)
    pl.DataFrame({"age": []}, schema={"age": pl.Int64}).write_parquet(tmp_path / "in.parquet")
    assert "has no encounter" in _refused(tmp_path / "in.parquet", score)


def _messy(frame: pl.DataFrame, how: str) -> bytes:
    text = frame.write_csv()
    if how == "utf-16":
        return text.encode("utf-16")
    if how == "semicolons, quotes, CRLF":
        rows = [";".join(f'"{cell}"' for cell in row) for row in csv.reader(text.splitlines())]
        return ("\r\n".join(rows)).encode()
    if how == "row numbers":
        lines = text.splitlines()
        return "\n".join([f",{lines[0]}", *(f"{n},{line}" for n, line in enumerate(lines[1:]))]).encode()
    return text.replace("?", "").replace("None", "").encode()


@pytest.mark.parametrize("how", ["utf-16", "semicolons, quotes, CRLF", "row numbers", "emptied"])
def test_a_file_that_a_tool_saved_is_read_as_the_load_reads_it(how: str, tmp_path: Path, score: Score) -> None:
    frame = raw_rows({"payer_code": "?", "race": "?"}, {"A1Cresult": ">8"}, {"diag_3": "?"}).collect()
    frame.write_csv(tmp_path / "clean.csv")
    (tmp_path / "messy.csv").write_bytes(_messy(frame, how))
    score(tmp_path / "clean.csv", tmp_path / "expected.csv")
    score(tmp_path / "messy.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()


def test_a_cell_with_two_readings_refuses_the_file(tmp_path: Path, score: Score) -> None:
    raw_rows({"A1Cresult": ""}, {"A1Cresult": "None"}).collect().write_csv(tmp_path / "in.csv")
    assert "line 2, column A1Cresult: '' is not allowed; allowed: one reading" in _refused(tmp_path / "in.csv", score)
