"""Of a bucket that keeps versions goes what was replaced or deleted long ago, and nothing that is there."""

import importlib.util
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from connections.settings import Settings
from readmission.clock import now, zoned
from tests.conftest import ROOT


@pytest.fixture
def program(job: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setitem(sys.modules, "create_bucket", job)
    spec = importlib.util.spec_from_file_location("prune_bucket", ROOT / "minio/prune_bucket.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


def test_only_what_was_replaced_or_deleted_by_then_goes(store: Settings, job: ModuleType, program: ModuleType) -> None:
    settings = store.model_copy(update={"bucket": "replaced"})
    s3 = job.s3_client(settings)
    job.ensure_bucket(s3, settings.bucket)
    for text in (b"first", b"second", b"present"):
        s3.put_object(Bucket=settings.bucket, Key="model", Body=text)
    s3.put_object(Bucket=settings.bucket, Key="gone", Body=b"deleted")
    s3.delete_object(Bucket=settings.bucket, Key="gone")
    moment = zoned(now())
    assert list(program.old(settings, moment - timedelta(days=1))) == [], "not long ago"
    found = list(program.old(settings, moment + timedelta(days=1)))
    assert sorted((one["Key"], one.get("Size")) for one in found if "Size" in one) == [
        ("gone", 7), ("model", 5), ("model", 6)
    ]  # fmt: skip
    assert len(found) == 4, "and what says that it is deleted"
    program.delete(settings, found)
    assert list(program.old(settings, moment + timedelta(days=1))) == []
    assert s3.get_object(Bucket=settings.bucket, Key="model")["Body"].read() == b"present"
    assert s3.list_object_versions(Bucket=settings.bucket).get("DeleteMarkers", []) == []
