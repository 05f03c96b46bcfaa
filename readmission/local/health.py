"""Checks that a service does its job, not merely that its port is open."""

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from connections.settings import Settings

_ANSWER_SECONDS = 5.0


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with success."""
    try:
        return httpx.get(url, timeout=_ANSWER_SECONDS, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def airflow_component_healthy(airflow: str, component: str) -> bool:
    """Whether Airflow's monitor sees a heartbeat of one of its components (`scheduler`, `dag_processor`, ...)."""
    try:
        answer = httpx.get(f"{airflow}/api/v2/monitor/health", timeout=_ANSWER_SECONDS, trust_env=False)
        return bool(answer.json()[component]["status"] == "healthy")
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def bucket_ready(settings: Settings) -> bool:
    """Whether the object store answers with our keys and has the bucket, which is created when missing."""
    store = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.aws_default_region,
        aws_access_key_id=settings.aws_access_key_id.get_secret_value(),
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
        config=Config(connect_timeout=2, read_timeout=_ANSWER_SECONDS, retries={"total_max_attempts": 1}, proxies={}),
    )
    try:
        if settings.bucket not in {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}:
            store.create_bucket(Bucket=settings.bucket)
        return True
    except (BotoCoreError, ClientError):
        return False
    finally:
        store.close()
