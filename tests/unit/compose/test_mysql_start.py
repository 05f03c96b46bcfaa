"""What MySQL runs at each start: an account for every password that it is given, and rights beyond its own for none."""

import re
from typing import Any

from readmission.storage.accounts import GRANTED
from tests.integration.mysql_accounts import ACCOUNTS, made

PASSWORDS = {account: f"of-{account}" for account in ACCOUNTS}
GRANTS = {
    r"GRANT ALL ON `RAW\_DATA`.* TO owner WITH GRANT OPTION",
    r"GRANT ALL ON `CLEAN\_DATA`.* TO owner WITH GRANT OPTION",
    "GRANT SELECT ON mysql.db TO owner",
    "GRANT SELECT ON mysql.tables_priv TO owner",
    "GRANT ALL ON mlflow.* TO mlflow",
}


def test_each_password_is_an_accounts_and_is_set_again_at_each_start(services: dict[str, dict[str, Any]]) -> None:
    given = {name for name in services["mysql"]["environment"] if re.fullmatch(r"MYSQL_\w+_PASSWORD", name)}
    assert given == {f"MYSQL_{account.upper()}_PASSWORD" for account in ACCOUNTS} | {"MYSQL_ROOT_PASSWORD"}
    statements = made(PASSWORDS)
    for account, password in PASSWORDS.items():
        for verb in ("CREATE USER IF NOT EXISTS", "ALTER USER"):
            assert f"{verb} '{account}'@'%' IDENTIFIED BY '{password}'" in statements


def test_only_the_owner_and_mlflow_get_rights_there_and_only_on_what_is_theirs() -> None:
    statements = made(PASSWORDS)
    assert {statement for statement in statements if statement.startswith("GRANT")} == GRANTS
    assert GRANTED.keys() == set(ACCOUNTS) - {"owner", "mlflow"}


def test_every_statement_can_be_run_again() -> None:
    again = ("CREATE DATABASE IF NOT EXISTS ", "CREATE USER IF NOT EXISTS ", "ALTER USER ", "GRANT ")
    assert [statement for statement in made(PASSWORDS) if not statement.startswith(again)] == []


def test_a_quote_in_a_password_does_not_end_it() -> None:
    statements = made(PASSWORDS | {"api": r"a'b\c; DROP"})
    assert r"ALTER USER 'api'@'%' IDENTIFIED BY 'a\'b\\c; DROP'" in statements
