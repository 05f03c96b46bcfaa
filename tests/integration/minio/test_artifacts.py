"""MLflow in front of an object store, as in Docker: a version's files go through the proxy and lie in the bucket."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import boto3
import mlflow as tracking
import pytest

from connections.model_registry import EXTRA_FILES, download_served_files, production_version
from connections.settings import Settings, machine_environment
from readmission.local.mlflow_server import mlflow
from readmission.local.service import Service
from tests.free_ports import free_offset
from tests.integration.app_back.registry import register
from tests.integration.app_back.servers import running
from tests.integration.object_store import keys as store_keys


@pytest.fixture
def mlflow_on_s3(store: Settings, job: ModuleType, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a running MLflow server whose artifacts are in a bucket that the job made."""
    settings = store.model_copy(update={"state_dir": tmp_path / "var", "port_offset": free_offset(store)})
    settings = settings.model_copy(update={"mlflow_tracking_uri": settings.url("mlflow")})
    job.ensure_bucket(job.s3_client(settings), settings.bucket)
    before = tracking.get_tracking_uri()
    with running(_in_the_bucket(mlflow(settings), settings), settings):
        tracking.set_tracking_uri(settings.tracking_uri)
        yield settings
    tracking.set_tracking_uri(before)


def _in_the_bucket(server: Service, settings: Settings) -> Service:
    of_the_store = {
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{settings.bucket}",
        "MLFLOW_S3_ENDPOINT_URL": settings.mlflow_s3_endpoint_url,
        "AWS_DEFAULT_REGION": settings.aws_default_region,
    }
    return replace(server, environment={**server.environment, **store_keys(settings), **of_the_store})


def test_a_versions_files_come_back_through_the_proxy_and_lie_in_the_bucket(
    mlflow_on_s3: Settings, tmp_path: Path
) -> None:
    assert not {"AWS_ACCESS_KEY_ID", "MLFLOW_S3_ENDPOINT_URL"} & machine_environment().keys()
    register(mlflow_on_s3, tmp_path / "sent")
    version = production_version(mlflow_on_s3)
    assert version is not None
    got = download_served_files(mlflow_on_s3, version, tmp_path / "got")
    sent = {path.name: path.read_bytes() for path in (tmp_path / "sent").iterdir()}
    stored = _in_the_store(mlflow_on_s3, f"/{EXTRA_FILES}/")
    assert sent.keys() == {"forest.onnx", "serving.json", "reasons.bin", "examples.json"}
    assert stored.keys() - sent.keys() == {"manifest.json", "manifest.sig"}
    assert {name: stored[name] for name in sent} == sent
    assert {path.name: path.read_bytes() for path in got.iterdir()} == stored


def _in_the_store(settings: Settings, folder: str) -> dict[str, bytes]:
    """The bucket's objects in a folder of that name, by their names in it, as an S3 client sees them."""
    s3 = boto3.client(
        "s3",
        endpoint_url=settings.mlflow_s3_endpoint_url,
        aws_access_key_id=settings.aws_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        region_name=settings.aws_default_region,
    )
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=settings.bucket)["Contents"]]
    objects = {key: s3.get_object(Bucket=settings.bucket, Key=key)["Body"].read() for key in keys if folder in key}
    return {key.rpartition(folder)[2]: content for key, content in objects.items()}
