"""MLflow's accounts: those of the platform, which its server makes at each start, and the role of who may write."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.utils.workspace_utils import DEFAULT_WORKSPACE_NAME

if TYPE_CHECKING:
    # Importing it reads the settings of the login and opens its store.
    from mlflow.server.auth.entities import Role
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore as Store

ADMIN, PIPELINE, API = "admin", "pipeline", "api"
# The role of accounts that may write: they log runs and models, into whatever experiment there is.
WRITERS = "writers"
# An experiment that was deleted is restored by who may manage it; what may be deleted at all says `access`.
_GRANTS = {"experiment": "MANAGE", "registered_model": "EDIT"}


def make(store: "Store", passwords: Mapping[str, str]) -> None:
    """Makes the platform's accounts and the role, or brings what is there to what it shall be. People's stay."""
    for name, password in passwords.items():
        _bring_to(store, name, password, is_admin=name == ADMIN)
    writers = _writers(store)
    for name in passwords:
        _hold(store, name, writers, holds=name == PIPELINE)


def _bring_to(store: "Store", name: str, password: str, is_admin: bool) -> None:
    if not store.has_user(name):
        store.create_user(name, password, is_admin=is_admin)
    elif not store.authenticate_user(name, password):
        store.update_user(name, password=password)
    if store.get_user(name).is_admin != is_admin:
        store.update_user(name, is_admin=is_admin)


def _writers(store: "Store") -> "Role":
    try:
        role = store.get_role_by_name(DEFAULT_WORKSPACE_NAME, WRITERS)
    except MlflowException:
        role = store.create_role(WRITERS, DEFAULT_WORKSPACE_NAME, "Log runs and models.")
    granted = {grant.resource_type for grant in store.list_role_permissions(role.id)}
    for what, right in _GRANTS.items():
        if what not in granted:
            store.add_role_permission(role.id, what, "*", right)
    return role


def _hold(store: "Store", name: str, role: "Role", holds: bool) -> None:
    user = store.get_user(name)
    held = role.id in {one.id for one in store.list_user_roles(user.id)}
    if holds and not held:
        store.assign_role_to_user(user.id, role.id)
    elif held and not holds:
        store.unassign_role_from_user(user.id, role.id)
