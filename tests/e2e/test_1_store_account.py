"""MLflow's account of the object store reaches its bucket and nothing else."""

from configparser import ConfigParser
from io import StringIO

import pytest
from botocore.exceptions import ClientError

from tests.e2e.stack import Stack
from tests.outside import clients
from tests.outside.figures import NotProven

OTHERS = "somebody-elses"


def test_mlflows_keys_of_the_store_are_for_its_bucket_alone(stack: Stack, not_proven: NotProven) -> None:
    read = ConfigParser()
    read.read_file(StringIO(stack.compose("exec", "-T", "mlflow", "cat", "/store/credentials")))
    key, secret = read["default"]["aws_access_key_id"], read["default"]["aws_secret_access_key"]
    if key == stack.store_keys()[0]:
        assert "NOT PROVEN" in stack.compose("logs", "store-account")
        not_proven("MLflow's own account of the object store: the one here cannot be administered")
    address = stack.address("minio", 9000)
    with stack.object_store() as root, clients.s3(address, key, secret) as mlflows:
        root.create_bucket(Bucket=OTHERS)
        mlflows.put_object(Bucket="mlflows3", Key="tried", Body=b"")
        mlflows.delete_object(Bucket="mlflows3", Key="tried")
        with pytest.raises(ClientError, match="AccessDenied"):
            mlflows.list_objects_v2(Bucket=OTHERS)
        with pytest.raises(ClientError, match="AccessDenied"):
            mlflows.put_object(Bucket=OTHERS, Key="tried", Body=b"")
        with pytest.raises(ClientError, match="AccessDenied"):
            mlflows.create_bucket(Bucket="another")
        with pytest.raises(ClientError, match="AccessDenied"):
            mlflows.put_bucket_versioning(Bucket="mlflows3", VersioningConfiguration={"Status": "Suspended"})
        root.delete_bucket(Bucket=OTHERS)
