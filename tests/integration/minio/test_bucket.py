"""The bucket job against a real S3 server: what it makes, what it leaves, and what it says when it is refused."""

from types import ModuleType

import pytest
from pydantic import SecretStr

from connections.settings import Settings


def test_the_bucket_is_made_once_with_versioning_and_keeps_its_files(store: Settings, job: ModuleType) -> None:
    s3 = job.s3_client(store)
    assert job.ensure_bucket(s3, "twice") is True
    s3.put_object(Bucket="twice", Key="kept", Body=b"bytes")
    assert job.ensure_bucket(s3, "twice") is False
    assert s3.get_object(Bucket="twice", Key="kept")["Body"].read() == b"bytes"
    assert s3.get_bucket_versioning(Bucket="twice")["Status"] == "Enabled"


@pytest.mark.parametrize("wrong", ["aws_access_key_id", "aws_secret_access_key"])
def test_refused_keys_say_whose_they_are_meant_to_be(
    store: Settings, job: ModuleType, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    settings = store.model_copy(update={wrong: SecretStr("somebodyelse")})
    monkeypatch.setattr(job, "settings_or_exit", lambda: settings)
    with pytest.raises(SystemExit, match="MINIO_ROOT_USER") as stopped:
        job.main()
    assert store.mlflow_s3_endpoint_url in str(stopped.value)
    assert settings.aws_secret_access_key.get_secret_value() not in str(stopped.value)
