"""Clients of a platform's stores, given where they answer and whose account it is."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from mypy_boto3_s3 import S3Client
from sqlalchemy import Engine, NullPool, create_engine


def mysql(address: str, account: str, password: str, database: str) -> Engine:
    """MySQL at an address such as `http://127.0.0.1:3306`; no connection outlives its block."""
    server = address.removeprefix("http://")
    return create_engine(f"mysql+pymysql://{account}:{password}@{server}/{database}", poolclass=NullPool)


@contextmanager
def s3(address: str, key: str, secret: str) -> Iterator[S3Client]:
    """The object store, for the block."""
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(proxies={}, s3={"addressing_style": "path"}),
    )
    try:
        yield client
    finally:
        client.close()
