"""People's accounts of MLflow, made and ended by its admin.

Standard library alone: MLflow's image has it too (`docker compose exec mlflow python -m connections.mlflow_accounts`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import sys
from base64 import b64encode
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

# The platform's own, whose passwords are those of `.env`.
OWN = ("admin", "pipeline", "api")
WRITERS = "writers"
_NAME = re.compile(r"[\w.@+-]{1,100}", re.ASCII)
_SECONDS = 30


class AccountError(Exception):
    """MLflow does not do what it was asked, in a line."""


class Person(NamedTuple):
    """An account, and whether it may write."""

    name: str
    may_write: bool


class Admin(NamedTuple):
    """Where MLflow is, and the password of its admin."""

    address: str
    password: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What MLflow answers.

        Raises:
            AccountError: it refuses, or does not answer.
        """
        login = b64encode(f"admin:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.address}/api/{path}", data, headers, method=method)
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
                return dict(json.loads(answer.read() or b"{}"))
        except HTTPError as error:
            raise AccountError(f"MLflow at {self.address} refuses: {_message(error)}") from error
        except (OSError, ValueError) as error:
            raise AccountError(f"MLflow does not answer at {self.address} ({error})") from error


def create(admin: Admin, name: str, may_write: bool) -> str:
    """Makes an account, which may read, or write too; gives its password, which is kept nowhere.

    Raises:
        AccountError: there is one of that name, or MLflow refuses.
    """
    password = secrets.token_urlsafe(18)
    admin.ask("POST", "2.0/mlflow/users/create", {"username": _checked(name), "password": password})
    if may_write:
        (role,) = (one["id"] for one in admin.ask("GET", "3.0/mlflow/roles/list")["roles"] if one["name"] == WRITERS)
        admin.ask("POST", "3.0/mlflow/roles/assign", {"username": name, "role_id": role})
    return password


def renew(admin: Admin, name: str) -> str:
    """Gives an account a new password, which it gives back: the one of before is refused from now on.

    Raises:
        AccountError: there is no such account, or MLflow refuses.
    """
    password = secrets.token_urlsafe(18)
    admin.ask("PATCH", "2.0/mlflow/users/update-password", {"username": _checked(name), "password": password})
    return password


def remove(admin: Admin, name: str) -> None:
    """Ends an account.

    Raises:
        AccountError: there is no such account, or MLflow refuses.
    """
    admin.ask("DELETE", "2.0/mlflow/users/delete", {"username": _checked(name)})


def people(admin: Admin) -> list[Person]:
    """The accounts beside the platform's own, by name.

    Raises:
        AccountError: MLflow refuses.
    """
    users = admin.ask("GET", "2.0/mlflow/users/list")["users"]
    found = (Person(one["username"], WRITERS in {role["name"] for role in one["roles"]}) for one in users)
    return sorted(person for person in found if person.name not in OWN)


def _checked(name: str) -> str:
    if name in OWN:
        raise AccountError(f"{name} is an account of the platform's own, whose password is that of .env")
    if not _NAME.fullmatch(name):
        raise AccountError(f"{name!r} cannot be an account; it takes letters, digits and _ . @ + -")
    return name


def _message(error: HTTPError) -> str:
    with error:
        text = error.read().decode(errors="replace")
    try:
        # What the database said of it follows the first sentence.
        return str(json.loads(text)["message"]).partition(" Error: ")[0]
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {text[:200]}"


def main(arguments: list[str] | None = None) -> None:
    """Does what is asked on the command line, of the server of this container."""
    parser = argparse.ArgumentParser(prog="python -m connections.mlflow_accounts", description=people.__doc__)
    parser.add_argument("what", choices=("create", "password", "remove", "list"))
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--may-write", action="store_true", help="it may log runs and models too")
    asked = parser.parse_args(arguments)
    admin = Admin(f"http://127.0.0.1:{os.environ['MLFLOW_PORT']}", os.environ["MLFLOW_ADMIN_PASSWORD"])
    try:
        sys.stdout.write("".join(f"{line}\n" for line in said(admin, asked.what, asked.name, asked.may_write)))
    except AccountError as error:
        raise SystemExit(str(error)) from None


def said(admin: Admin, what: str, name: str, may_write: bool = False) -> list[str]:
    """Does one of `create`, `password`, `remove` and `list`, and gives the lines to print.

    Raises:
        AccountError: MLflow refuses.
    """
    if what == "create":
        return [f"{name} may {_does(may_write)}; password, shown this once: {create(admin, name, may_write)}"]
    if what == "password":
        return [f"{name}: new password, shown this once: {renew(admin, name)}"]
    if what == "remove":
        remove(admin, name)
        return [f"{name}: removed"]
    return [f"{person.name} may {_does(person.may_write)}" for person in people(admin)] or ["nobody has an account"]


def _does(may_write: bool) -> str:
    return "read and write" if may_write else "read"


if __name__ == "__main__":
    main()
