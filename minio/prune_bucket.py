"""Deletes from the bucket what was replaced or deleted long ago, which its versioning keeps: `--days 30 [--dry]`."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from create_bucket import s3_client  # type: ignore[import-not-found]  # it lies beside this file

from connections.settings import Settings, settings_or_exit


def old(settings: Settings, until: datetime) -> Iterator[dict[str, Any]]:
    """The versions of objects that were no longer the present ones at that moment, and what says that one is gone."""
    newer: dict[str, datetime] = {}
    pages = s3_client(settings).get_paginator("list_object_versions").paginate(Bucket=settings.bucket)
    for page in pages:
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        for one in sorted(
            found, key=lambda each: (each["Key"], -each["LastModified"].timestamp(), not each["IsLatest"])
        ):
            is_marker, replaced = "Size" not in one, newer.get(one["Key"])
            newer[one["Key"]] = one["LastModified"]
            if (not one["IsLatest"] and replaced and replaced < until) or (
                one["IsLatest"] and is_marker and one["LastModified"] < until
            ):
                yield one


def delete(settings: Settings, found: Iterable[dict[str, Any]]) -> None:
    """Deletes them for good."""
    s3 = s3_client(settings)
    # What says that an object is gone goes after its versions: without it the newest of these would be the present one.
    for one in sorted(found, key=lambda each: "Size" not in each):
        s3.delete_object(Bucket=settings.bucket, Key=one["Key"], VersionId=one["VersionId"])


def main() -> None:
    """Says what was deleted, or with --dry what would be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, required=True, help="how long a version that was replaced is kept")
    parser.add_argument("--dry", action="store_true", help="only say it")
    asked, settings = parser.parse_args(), settings_or_exit()
    if asked.days < 1:
        parser.error("--days is 1 or more")
    found = list(old(settings, datetime.now(UTC) - timedelta(days=asked.days)))  # noqa: TID251 - no clock is in this image
    if not asked.dry:
        delete(settings, found)
    size = sum(one.get("Size", 0) for one in found)
    did = "would delete" if asked.dry else "deleted"
    sys.stdout.write(f"Bucket: {did} {len(found):,} versions that were replaced or deleted, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
