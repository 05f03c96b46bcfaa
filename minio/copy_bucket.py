"""Copies the bucket out as a tar on standard output (`save`), or what such a tar holds into it (`load`)."""

import shutil
import sys
import tarfile
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from create_bucket import ensure_bucket, s3_client  # type: ignore[import-not-found]  # it lies beside this file

from connections.settings import Settings, settings_or_exit

_IN_MEMORY_BYTES = 32_000_000


def save(settings: Settings, out: BinaryIO) -> None:
    """Writes every object, under its key, in the version that is there now."""
    s3 = s3_client(settings)
    with tarfile.open(fileobj=out, mode="w|") as tar:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=settings.bucket):
            for listed in page.get("Contents", ()):
                found = s3.get_object(Bucket=settings.bucket, Key=listed["Key"])
                entry = tarfile.TarInfo(listed["Key"])
                entry.size = found["ContentLength"]
                tar.addfile(entry, found["Body"])


def load(settings: Settings, source: BinaryIO) -> None:
    """Puts every object of a tar into the bucket, which is made where it is missing; others that are there stay."""
    s3 = s3_client(settings)
    ensure_bucket(s3, settings.bucket)
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for entry in tar:
            packed = tar.extractfile(entry)
            if packed is None:
                continue
            with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:  # a stream cannot be sent twice
                shutil.copyfileobj(packed, body)
                body.seek(0)
                s3.upload_fileobj(body, settings.bucket, entry.name)


if __name__ == "__main__":
    if sys.argv[1:] == ["save"]:
        save(settings_or_exit(), sys.stdout.buffer)
    elif sys.argv[1:] == ["load"]:
        load(settings_or_exit(), sys.stdin.buffer)
    else:
        sys.exit("copy_bucket.py save | load")
