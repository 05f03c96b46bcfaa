"""What a command tells of the platform that it would not reach."""

import socket
from pathlib import Path

from pydantic import SecretStr

from connections import own_platform
from connections.settings import Settings


def test_commands_on_sqlite_files_say_so_while_another_platform_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as docker:
        settings = Settings(_env_file=None, mlflow_port=docker.getsockname()[1], state_dir=tmp_path)
        (said,) = own_platform.doubts_of_databases(settings)
        assert f"uses the SQLite files in {tmp_path}/databases" in said
        assert "`docker compose exec airflow-worker readmission`" in said
        elsewhere = settings.model_copy(update={"database_url": SecretStr("mysql://root@db")})
        assert own_platform.doubts_of_databases(elsewhere) == []
    assert own_platform.doubts_of_databases(settings) == []
