"""MLflow's account of the object store: for its bucket alone where the store can be administered, else told so.

The store's image cannot be had here; its `mc` is played by a script that keeps what it is asked.
"""

import json
import os
import stat
import subprocess
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.conftest import ROOT

ACCOUNT = "readmission-mlflow"
GIVEN = {
    "MINIO_ROOT_USER": "root-user",
    "MINIO_ROOT_PASSWORD": "root-secret",
    "AWS_ACCESS_KEY_ID": "root-user",
    "AWS_SECRET_ACCESS_KEY": "root-secret",
    "MLFLOW_S3_ENDPOINT_URL": "http://minio:9000",
    "BUCKET": "models",
}
ADMINISTERED = """#!/bin/sh
echo "$MC_HOST_store $*" >> "$ASKED"
case "$*" in
    "admin user add store") cat >> "$ASKED" ;;
    "admin policy create"*) cat "$6" > "$ASKED.policy" ;;
    *attach*)
        [ "$(grep -c attach "$ASKED")" = 1 ] && exit
        echo "mc: the specified policy change is already in effect." && exit 1 ;;
esac
"""
NOT_ADMINISTERED = "#!/bin/sh\necho \"mc: '$*' is not implemented\" >&2\nexit 1\n"
Run = Callable[..., tuple[str, dict[str, str]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the job beside such an `mc`; gives what it printed, and MLflow's keys."""

    def once(mc: str, *arguments: str, **settings: str) -> tuple[str, dict[str, str]]:
        program, keys = tmp_path / "mc", tmp_path / "credentials"
        program.write_text(mc, encoding="utf-8")
        program.chmod(0o755)
        own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KEYS_FILE": str(keys), "ASKED": str(tmp_path / "asked")}
        command = ("sh", str(ROOT / "compose/store_account.sh"), *arguments)
        done = subprocess.run(command, env=GIVEN | own | settings, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        read = ConfigParser()
        read.read(keys, encoding="utf-8")
        assert keys.stat().st_mode & stat.S_IROTH, "MLflow is another user"
        return done.stdout, dict(read["default"])

    return once


def test_it_has_an_account_for_its_bucket_alone(run: Run, tmp_path: Path) -> None:
    said, keys = run(ADMINISTERED)
    assert said == f"MLflow's account of the object store is {ACCOUNT}, for the bucket models alone\n"
    assert keys["aws_access_key_id"] == ACCOUNT and len(keys["aws_secret_access_key"]) == 40
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[:3] == [
        "http://root-user:root-secret@minio:9000 admin user add store",
        ACCOUNT,
        keys["aws_secret_access_key"],
    ]
    statements = json.loads((tmp_path / "asked.policy").read_text(encoding="utf-8"))["Statement"]
    allowed = {action: one["Resource"] for one in statements for action in one["Action"]}
    assert {*map(str, allowed.values())} == {"['arn:aws:s3:::models']", "['arn:aws:s3:::models/*']"}
    # Nothing that makes or drops buckets, ends their versioning or takes versions away.
    assert allowed.keys() == {
        f"s3:{action}"
        for action in (
            *("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"),
            *("AbortMultipartUpload", "DeleteObject", "GetObject", "ListMultipartUploadParts", "PutObject"),
        )
    }


def test_a_later_start_changes_nothing_unless_new_keys_are_asked_for(run: Run) -> None:
    _, first = run(ADMINISTERED)
    assert run(ADMINISTERED)[1] == first
    _, renewed = run(ADMINISTERED, "renew")
    assert renewed["aws_secret_access_key"] != first["aws_secret_access_key"]


def test_where_the_store_cannot_be_administered_it_has_roots_keys_and_that_is_told(run: Run) -> None:
    said, keys = run(NOT_ADMINISTERED)
    assert said.startswith("NOT PROVEN: MLflow has the keys of the object store's root") and "root-secret" not in said
    assert keys == {"aws_access_key_id": "root-user", "aws_secret_access_key": "root-secret"}
    assert run(ADMINISTERED)[1]["aws_access_key_id"] == ACCOUNT


def test_a_store_that_fails_once_does_not_give_roots_keys_away(run: Run) -> None:
    _, first = run(ADMINISTERED)
    said, keys = run(NOT_ADMINISTERED)
    assert keys == first and "is left as it is" in said
    assert run(NOT_ADMINISTERED, "renew")[1] == first


@pytest.mark.parametrize(
    "settings", [{"MLFLOW_S3_ENDPOINT_URL": "https://s3.example.org"}, {"MINIO_ROOT_USER": "another"}]
)
def test_keys_of_another_store_or_of_an_account_that_somebody_made_are_taken_as_they_are(
    run: Run, settings: dict[str, str]
) -> None:
    given = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "my-secret"}
    said, keys = run(NOT_ADMINISTERED, **given, **settings)
    assert keys == {"aws_access_key_id": "mine", "aws_secret_access_key": "my-secret"} and "NOT PROVEN" not in said
