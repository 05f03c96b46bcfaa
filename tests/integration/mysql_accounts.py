"""The platform's accounts on the test server, made by the very statements that MySQL starts with."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connections.settings import Settings
from tests.conftest import ROOT

ACCOUNTS = ("owner", "pipeline", "api", "keeper", "mlflow")
START = ROOT / "compose/mysql/start.sh"


@dataclass(frozen=True)
class Accounts:
    """Settings of the test server as each of the accounts, with passwords of their own."""

    settings: Settings
    passwords: dict[str, str]
    server: str

    def url(self, account: str) -> str:
        """The server's URL as an account."""
        url = make_url(self.server).set(username=account, password=self.passwords[account], database="")
        return url.render_as_string(hide_password=False)

    def of(self, account: str) -> Settings:
        """The settings of a process that has this account."""
        return self.settings.model_copy(update={"database_url": SecretStr(self.url(account))})

    def run(self, account: str, statement: str) -> list[tuple[object, ...]]:
        """Runs a statement as an account, on a connection of its own, and commits it."""
        engine = create_engine(self.url(account), poolclass=NullPool, connect_args={"local_infile": True})
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def refused(self, account: str, statement: str) -> int:
        """The server's number for why it refuses an account a statement; 0 where it carries it out."""
        try:
            self.run(account, statement)
        except DBAPIError as error:
            assert error.orig is not None
            return int(error.orig.args[0])
        return 0


def made(passwords: dict[str, str]) -> list[str]:
    """The statements that MySQL starts with, for these passwords."""
    given = {f"MYSQL_{account.upper()}_PASSWORD": password for account, password in passwords.items()}
    environment = {"PATH": os.environ["PATH"], **given}
    printed = subprocess.run(
        ["bash", str(START), "--print"], env=environment, capture_output=True, text=True, check=True
    )
    return [line.removesuffix(";") for line in printed.stdout.splitlines()]


@contextmanager
def accounts_on(server: str, settings: Settings) -> Iterator[Accounts]:
    """The accounts for the block, on a server whose databases are wiped."""
    passwords = {account: f"{secrets.token_hex(8)}'\\=" for account in ACCOUNTS}
    engine = create_engine(make_url(server).set(database=""), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    gone = [f"DROP USER IF EXISTS {account}" for account in ACCOUNTS]
    with engine.connect() as connection:
        for statement in (*gone, "CREATE DATABASE IF NOT EXISTS mlflow", *made(passwords)):
            connection.exec_driver_sql(statement.replace("%", "%%"))
        yield Accounts(settings, passwords, server)
        for statement in gone:
            connection.exec_driver_sql(statement)
