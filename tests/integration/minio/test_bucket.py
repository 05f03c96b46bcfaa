"""The bucket job against a real S3 server: what it makes, what it leaves, and what it says when it is refused."""

import importlib.util
from types import ModuleType

import pytest
from pydantic import SecretStr

from connections.settings import Settings
from tests.conftest import ROOT

SCRIPT = ROOT / "minio/create_bucket.py"


@pytest.fixture(scope="module")
def job() -> ModuleType:
    spec = importlib.util.spec_from_file_location("create_bucket", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bucket_is_made_once_with_versioning_and_keeps_its_files(stores: Settings, job: ModuleType) -> None:
    s3 = job.s3_client(stores)
    assert job.ensure_bucket(s3, "twice") is True
    s3.put_object(Bucket="twice", Key="kept", Body=b"bytes")
    assert job.ensure_bucket(s3, "twice") is False
    assert s3.get_object(Bucket="twice", Key="kept")["Body"].read() == b"bytes"
    assert s3.get_bucket_versioning(Bucket="twice")["Status"] == "Enabled"


@pytest.mark.parametrize("wrong", ["aws_access_key_id", "aws_secret_access_key"])
def test_refused_keys_say_whose_they_are_meant_to_be(
    stores: Settings, job: ModuleType, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    settings = stores.model_copy(update={wrong: SecretStr("somebodyelse")})
    monkeypatch.setattr(job, "get_settings", lambda: settings)
    with pytest.raises(SystemExit, match="MINIO_ROOT_USER") as stopped:
        job.main()
    assert stores.s3_endpoint in str(stopped.value)
    assert settings.aws_secret_access_key.get_secret_value() not in str(stopped.value)
