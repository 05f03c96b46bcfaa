"""A folder is loaded only when its manifest holds and it answers its own examples as its pipeline did."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from readmission.features import CATEGORIES, NUMBERS, complete_request
from readmission.inference import (
    EXAMPLES_FILE,
    FOREST_FILE,
    MANIFEST_FILE,
    REASONS_FILE,
    SERVED_FOLDER,
    SERVING_FILE,
    SIGNATURE_FILE,
    Examples,
    Manifest,
    ModelFileError,
    PublicKeys,
    Scorer,
    read_folder,
)
from readmission.inference.proof import FileProof
from readmission.inference.served_files import MOST_BYTES
from readmission.model import serving_files
from readmission.model.forest import inputs, make_pipeline, positive
from readmission.model.reasons import trees_of
from readmission.params import ForestParams
from tests.conftest import PUBLIC_KEY
from tests.signed import KEY, KEYS, OTHER_PUBLIC_KEY, other_key, sign_served, signed
from tests.unit.inference.earlier import LEFT_OUT, of_the_contract_before
from tests.unit.prepared import prepared_rows

ROWS = prepared_rows(900, seed=1)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return make_pipeline(ForestParams(n_estimators=60, min_samples_leaf=10), 1).fit(inputs(ROWS), ROWS["target"])


@pytest.fixture(scope="module")
def written(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    serving_files.write(pipeline, folder, prepared_rows(300, seed=2), dataset="synthetic", target="lt30")
    return sign_served(folder)


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "served"))


def examples_of(folder: Path) -> Examples:
    return Examples.model_validate_json((folder / EXAMPLES_FILE).read_bytes())


def change_examples(folder: Path, change: Callable[[dict[str, list[object]]], object]) -> None:
    """Changes the examples, and has the manifest name them as they are now."""
    told = json.loads((folder / EXAMPLES_FILE).read_text())
    change(told)
    (folder / EXAMPLES_FILE).write_text(json.dumps(told), encoding="utf-8")
    sign_served(folder)


def test_the_examples_are_rows_of_inputs_with_the_pipelines_own_answers(pipeline: Pipeline, folder: Path) -> None:
    examples = examples_of(folder)
    assert len(examples.rows) == 20
    assert all(list(row) == [*NUMBERS, *CATEGORIES] for row in examples.rows)
    others = positive(pipeline, prepared_rows(300, seed=2))
    assert examples.probabilities == sorted(examples.probabilities)
    assert (examples.probabilities[0], examples.probabilities[-1]) == (others.min(), others.max())


def test_the_manifest_names_the_others_with_size_and_sha256(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())["files"]
    assert sorted(manifest) == [
        SERVED_FOLDER + name for name in (EXAMPLES_FILE, FOREST_FILE, REASONS_FILE, SERVING_FILE)
    ]
    assert all(
        one["size"] == (folder / name.removeprefix(SERVED_FOLDER)).stat().st_size for name, one in manifest.items()
    )
    assert Scorer.load(folder, KEYS).config.target == "lt30"


@pytest.mark.parametrize("name", [FOREST_FILE, SERVING_FILE, REASONS_FILE, EXAMPLES_FILE])
def test_one_changed_byte_of_any_file_is_refused_before_it_is_read(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        ModelFileError, match=rf"^{name} is not the file that manifest.json describes \(sha256 differs\)$"
    ):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize("name", [FOREST_FILE, SERVING_FILE, REASONS_FILE, EXAMPLES_FILE])
def test_a_file_that_is_gone_or_shorter_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(ModelFileError, match=rf"^{name} is not the file .* \(size differs\)$"):
        Scorer.load(folder, KEYS)
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"^{name} is missing, which manifest.json names$"):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize("name", [FOREST_FILE, SERVING_FILE, EXAMPLES_FILE])
def test_a_manifest_that_leaves_a_file_out_is_refused(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / name)
    sign_served(folder)
    (folder.parent / name).rename(folder / name)
    with pytest.raises(ModelFileError, match=f"^manifest.json does not name {name}$"):
        Scorer.load(folder, KEYS)


def test_a_file_more_is_refused(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below/more.txt").write_text("more")
    with pytest.raises(ModelFileError, match=r"^below/more.txt is a file that manifest.json does not name$"):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize("name", [MANIFEST_FILE, SIGNATURE_FILE])
def test_without_a_signed_manifest_the_way_out_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=rf"unsigned: {name} is missing.*`readmission registry adopt`") as refused:
        Scorer.load(folder, KEYS)
    assert refused.value.why == "unsigned"


@pytest.mark.parametrize("content", [b"", b"\x80", b"[]", b'{"files": {"forest.onnx": 3}}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(content)
    (folder / SIGNATURE_FILE).write_text(KEY.sign("manifest", content).model_dump_json())
    with pytest.raises(ModelFileError, match=r"^cannot read manifest.json: "):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize("content", [b"", b"\x80", b"[]", b'{"key": "a"}', b'{"key": 1, "signature": ""}'])
def test_a_signature_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / SIGNATURE_FILE).write_bytes(content)
    with pytest.raises(ModelFileError, match=r"^cannot read manifest.sig: "):
        Scorer.load(folder, KEYS)


def test_a_description_that_was_changed_with_a_manifest_made_anew_is_refused(folder: Path) -> None:
    """Whoever can write the files can write a manifest that fits them, and sign it with a key of its own."""
    told = json.loads((folder / SERVING_FILE).read_text())
    (folder / SERVING_FILE).write_text(json.dumps(told | {"threshold": 0.99}))
    kept = (folder / SIGNATURE_FILE).read_bytes()
    sign_served(folder, other_key())
    with pytest.raises(ModelFileError, match="is not among MODEL_PUBLIC_KEYS") as refused:
        Scorer.load(folder, KEYS)
    assert refused.value.why == "wrong_key" and other_key().id in str(refused.value) and KEY.id in str(refused.value)
    (folder / SIGNATURE_FILE).write_bytes(kept)
    with pytest.raises(ModelFileError, match=f"^manifest.json is not what was signed with the key {KEY.id}$"):
        Scorer.load(folder, KEYS)
    claimed = json.loads(other_key().sign("manifest", (folder / MANIFEST_FILE).read_bytes()).model_dump_json())
    (folder / SIGNATURE_FILE).write_text(json.dumps(claimed | {"key": KEY.id}))
    with pytest.raises(ModelFileError, match="is not what was signed"):
        Scorer.load(folder, KEYS)


def test_a_signature_of_something_else_is_none_of_a_manifest(folder: Path) -> None:
    made = KEY.sign("promotion", (folder / MANIFEST_FILE).read_bytes())
    (folder / SIGNATURE_FILE).write_text(made.model_dump_json())
    with pytest.raises(ModelFileError, match="is not what was signed"):
        Scorer.load(folder, KEYS)


def test_a_model_stays_valid_while_the_key_it_was_signed_with_is_listed(folder: Path) -> None:
    sign_served(folder, other_key())
    assert Scorer.load(folder, PublicKeys(f"{PUBLIC_KEY}, {OTHER_PUBLIC_KEY}")).config.target == "lt30"
    with pytest.raises(ModelFileError, match=r"MODEL_PUBLIC_KEYS \(none\)"):
        Scorer.load(folder, PublicKeys(""))


def test_a_link_is_no_file_of_a_model(folder: Path) -> None:
    (folder / FOREST_FILE).rename(folder.parent / "elsewhere")
    (folder / FOREST_FILE).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(ModelFileError, match=f"^{FOREST_FILE} is no file$"):
        Scorer.load(folder, KEYS)


def test_more_than_any_model_has_is_not_read(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # it takes no room on disk
    with pytest.raises(ModelFileError, match="more than any model"):
        Scorer.load(folder, KEYS)


def test_names_that_differ_in_case_alone_are_refused(folder: Path) -> None:
    (folder / "Forest.onnx").write_bytes(b"which of the two is it, where case does not count?")
    sign_unchecked(folder)
    with pytest.raises(ModelFileError, match=r"^cannot read manifest.json: files: .*case alone"):
        Scorer.load(folder, KEYS)


def sign_unchecked(folder: Path) -> None:
    """Signs a manifest that the pipeline would not make."""
    files = read_folder(folder)
    named = {SERVED_FOLDER + name: FileProof.of(content).model_dump() for name, content in files.items()}
    content = json.dumps({"files": named}).encode()
    (folder / MANIFEST_FILE).write_bytes(content)
    (folder / SIGNATURE_FILE).write_text(KEY.sign("manifest", content).model_dump_json())


def test_signed_files_that_answer_otherwise_are_refused(folder: Path) -> None:
    told = json.loads((folder / SERVING_FILE).read_text())
    told["calibration"]["intercept"] += 2e-5
    (folder / SERVING_FILE).write_text(json.dumps(told))
    sign_served(folder)
    with pytest.raises(
        ModelFileError, match=r"answer otherwise than its pipeline did: the rows of examples.json differ"
    ):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told["probabilities"].__setitem__(3, 0.5), "answer otherwise"),
        (lambda told: told["probabilities"].pop(), "20 rows have 19 answers"),
        (lambda told: told.update(rows=[], probabilities=[]), "cannot read examples.json: rows"),
        (lambda told: told["rows"][0].pop("age"), r"cannot answer its own examples \(KeyError\)"),
        (lambda told: told["rows"][0].update(age=float("nan")), "cannot read examples.json: rows.0.age"),
    ],
)
def test_examples_that_prove_nothing_are_refused(
    folder: Path, change: Callable[[dict[str, list[object]]], object], said: str
) -> None:
    change_examples(folder, change)
    with pytest.raises(ModelFileError, match=said):
        Scorer.load(folder, KEYS)


def test_no_value_of_an_example_is_told(folder: Path) -> None:
    change_examples(folder, lambda told: told["rows"].__setitem__(0, {"age": ["patient-4711"]}))
    with pytest.raises(ModelFileError, match=r"cannot read examples.json") as refused:
        Scorer.load(folder, KEYS)
    assert "4711" not in str(refused.value)


def test_a_forest_that_onnx_runtime_cannot_load_is_refused(folder: Path) -> None:
    files = dict(read_folder(folder))
    config = json.loads(files[SERVING_FILE])
    config["forest_sha256"] = Manifest.of({"x": b"no forest"}).files["x"].sha256
    files |= {FOREST_FILE: b"no forest", SERVING_FILE: json.dumps(config).encode()}
    with pytest.raises(ModelFileError, match=r"^ONNX Runtime cannot load forest.onnx \(\w+\)$"):
        Scorer.proven(signed(files), KEYS)


def test_the_contract_before_is_served_from_the_versions_own_description(pipeline: Pipeline, folder: Path) -> None:
    of_the_contract_before(pipeline, folder)
    scorer, examples = Scorer.load(folder, KEYS), examples_of(folder)
    assert scorer.config.contract_version == "1"
    assert len(set(examples.probabilities)) > 10
    assert scorer.probabilities(examples.rows) == pytest.approx(examples.probabilities, abs=1e-6)
    assert {field.name for field in scorer.fields} == {*NUMBERS, *CATEGORIES} - {LEFT_OUT}
    # Heart failure is a disease of the circulation, which is all that this version knows.
    groups = {code: scorer.score(complete_request({"diag_1": code})) for code in ("428", "401.9", "390", "486")}
    assert groups["428"] == groups["401.9"] == groups["390"] != groups["486"]
    # A field that the version does not list is accepted and changes nothing.
    assert len({scorer.score(complete_request({LEFT_OUT: diagnoses})) for diagnoses in (1, 9, 16)}) == 1


def test_reasons_of_another_forest_are_refused(folder: Path) -> None:
    other = make_pipeline(ForestParams(n_estimators=60, min_samples_leaf=10, random_state=7), 1)
    trees = trees_of(other.fit(inputs(ROWS), ROWS["target"])["forest"])
    (folder / REASONS_FILE).write_bytes(trees.to_bytes())
    sign_served(folder)
    with pytest.raises(ModelFileError, match="its files answer otherwise than its pipeline did"):
        Scorer.load(folder, KEYS)


@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_field_that_this_service_does_not_know_is_refused_by_name(
    pipeline: Pipeline, folder: Path, kind: str
) -> None:
    told = json.loads((folder / SERVING_FILE).read_text())
    changes: dict[str, dict[str, object]] = {
        "number": {"numbers": [*told["numbers"], {"name": "lactate", "mean": 1, "scale": 1}]},
        "category": {"categories": {**told["categories"], "age": ["young", "old"]}},
    }
    of_the_contract_before(pipeline, folder, **changes[kind])
    name = {"number": "lactate", "category": "age"}[kind]
    with pytest.raises(ModelFileError, match=f"the model uses the {kind} {name}, which this service does not know"):
        Scorer.load(folder, KEYS)
