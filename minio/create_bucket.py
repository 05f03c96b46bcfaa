"""Makes the bucket for MLflow's artifacts, with versioning. A second run changes nothing."""

import logging
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from connections.settings import Settings, settings_or_exit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("bucket")
OURS_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
REFUSED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied")

WHOSE_KEYS = (
    "These keys are the store's root account unless MINIO_ROOT_USER and MINIO_ROOT_PASSWORD name another; then make an "
    "access key with the values of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the store's console, and start again"
)


def s3_client(settings: Settings) -> "S3Client":
    """A client of the object store that waits for a store which is still starting."""
    return boto3.client(
        "s3",
        endpoint_url=settings.mlflow_s3_endpoint_url,
        aws_access_key_id=settings.aws_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        region_name=settings.aws_default_region,
        config=Config(retries={"max_attempts": 8, "mode": "standard"}, s3={"addressing_style": "path"}),
    )


def ensure_bucket(s3: "S3Client", bucket: str) -> bool:
    """Creates the bucket where it is missing and turns its versioning on; says whether it was created."""
    created = _create(s3, bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return created


def _create(s3: "S3Client", bucket: str) -> bool:
    try:
        s3.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in OURS_ALREADY:
            raise
        s3.head_bucket(Bucket=bucket)
        return False
    return True


def main() -> None:
    """Makes the bucket that the settings name."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = settings_or_exit()
    try:
        created = ensure_bucket(s3_client(settings), settings.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSED:
            raise
        sys.exit(f"{settings.mlflow_s3_endpoint_url} refuses AWS_ACCESS_KEY_ID: {error}. {WHOSE_KEYS}")
    log.info("bucket %s: %s, versioning on", settings.bucket, "created" if created else "there already")


if __name__ == "__main__":
    main()
