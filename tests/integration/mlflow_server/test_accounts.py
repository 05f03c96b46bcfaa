"""What a start makes of the accounts: a changed `.env` is followed, people's stay, and nobody keeps a right he took."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from connections import mlflow_accounts
from connections.mlflow_accounts import Admin, Person
from connections.model_registry import NoServerError, require_server
from connections.settings import Settings
from readmission.local.mlflow_server import mlflow
from readmission.local.service import Folders
from tests.free_ports import free_offset
from tests.integration.app_back.servers import running
from tests.integration.mlflow_server.conftest import API, Asker
from tests.mlflow_admin import login_of
from tests.services import NotHealthyError

SEARCH = f"{API}/experiments/search?max_results=1"
CHANGED = {
    "mlflow_admin_password": SecretStr("another of the admin"),
    "mlflow_pipeline_password": SecretStr("another of the pipeline"),
    "mlflow_api_password": SecretStr("another of the service"),
}


def status(settings: Settings, name: str, password: str) -> int:
    return Asker(settings, (name, password)).ask("GET", SEARCH).status_code


@pytest.fixture(scope="module")
def again(stores: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Settings, str]]:
    """Settings of a server before and after all its passwords changed in `.env`, and the password of a person `ana`.

    Meanwhile `api` became a writer and `pipeline` an admin, by somebody who reached the file. The second server runs.
    """
    first = stores.model_copy(update={"state_dir": tmp_path_factory.mktemp("accounts") / "var"})
    first = first.model_copy(update={"port_offset": free_offset(first), "mlflow_tracking_uri": None})
    with running(mlflow(first), first):
        admin = Admin(first.url("mlflow"), first.mlflow_admin_password.get_secret_value())
        password = mlflow_accounts.create(admin, "ana", may_write=True)
    with closing(sqlite3.connect(accounts(first))) as database:
        database.execute("UPDATE users SET is_admin = 1 WHERE username = 'pipeline'")
        database.execute("INSERT INTO user_role_assignments (user_id, role_id) SELECT u.id, r.id FROM users u, roles r "
                         "WHERE u.username = 'api' AND r.name = 'writers'")  # fmt: skip
        database.commit()
    second = first.model_copy(update=CHANGED)
    with running(mlflow(second), second):
        yield first, second, password


def accounts(settings: Settings) -> Path:
    return Folders.of(settings).of_service("mlflow") / "accounts.db"


@pytest.mark.parametrize("account", ["admin", "pipeline", "api"])
def test_a_changed_password_is_followed(again: tuple[Settings, Settings, str], account: str) -> None:
    before, after, _ = again
    asked = [status(after, *login_of(one, account)) for one in (before, after)]
    assert asked == [401, 200]


def test_people_keep_their_accounts(again: tuple[Settings, Settings, str]) -> None:
    _, after, password = again
    assert status(after, "ana", password) == 200
    admin = Admin(after.url("mlflow"), after.mlflow_admin_password.get_secret_value())
    assert mlflow_accounts.people(admin) == [Person("ana", True)]


def test_a_right_that_was_taken_is_gone(again: tuple[Settings, Settings, str]) -> None:
    _, after, _ = again
    asked = {
        account: Asker(after, login_of(after, account)).ask(method, path, body).status_code
        for account, method, path, body in (
            ("api", "POST", f"{API}/experiments/create", {"name": "taken"}),
            ("pipeline", "GET", f"{API}/users/list", None),
        )
    }
    assert asked == {"api": 403, "pipeline": 403}


def test_only_its_owner_reads_the_files(again: tuple[Settings, Settings, str]) -> None:
    _, after, _ = again
    folder = accounts(after).parent
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in (*folder.iterdir(), folder)} == dict.fromkeys(
        [*(path.name for path in folder.iterdir()), folder.name], "0o0"
    )


def test_a_check_of_health_is_red_where_clients_are_refused(again: tuple[Settings, Settings, str]) -> None:
    before, after, _ = again
    assert httpx.get(f"{after.url('mlflow')}/health", trust_env=False).text == "OK"
    assert (mlflow(after).healthy(), mlflow(before).healthy()) == (True, False)


def test_a_command_with_the_password_of_before_says_so_in_a_line(again: tuple[Settings, Settings, str]) -> None:
    before, after, _ = again
    require_server(after)
    with pytest.raises(NoServerError, match=r"does not take the password of the account 'pipeline': MLFLOW_PIPELINE_P"):
        require_server(before)


def test_a_start_without_a_password_says_which(stores: Settings, tmp_path: Path) -> None:
    wanting = stores.model_copy(update={"state_dir": tmp_path / "var", "mlflow_api_password": SecretStr("")})
    with (
        pytest.raises(NotHealthyError, match="not set: MLFLOW_API_PASSWORD; run `make env`"),
        running(mlflow(wanting), wanting),
    ):
        pass
