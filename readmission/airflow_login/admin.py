"""Makes Airflow's admin, or brings it to the settings' password; `airflow-init` runs it at each start.

The password comes from the environment: it is in no command line, and in no log.
"""

import sys
from typing import TYPE_CHECKING

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from werkzeug.security import check_password_hash

from connections.settings import settings_or_exit

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

_ROLE = "Admin"


def ensure(accounts: "FabAirflowSecurityManagerOverride", name: str, password: str) -> str:
    """Sees to it that the account is there, is active, has the password and may do everything; says what it did."""
    role, user = accounts.find_role(_ROLE), accounts.find_user(name)
    if user is None:
        made = accounts.add_user(name, name, _ROLE, f"{name}@localhost", role, password)
        return f"{name}: made" if made else f"{name}: could not be made"
    changed = []
    if role and (role not in user.roles or not user.active):
        user.roles, user.active = [*{*user.roles, role}], True
        accounts.update_user(user)
        changed.append("may do everything again")
    if not check_password_hash(user.password or "", password):
        accounts.reset_password(user.id, password)
        changed.append("has the password of .env, and is logged out")
    return f"{name}: {' and '.join(changed) or 'as it was'}"


def main() -> int:
    """Returns 1 when the account could not be made."""
    settings = settings_or_exit()
    with get_application_builder() as builder:
        said = ensure(builder.sm, settings.airflow_admin_user, settings.airflow_admin_password.get_secret_value())
    sys.stdout.write(f"Airflow's account {said}\n")
    return 1 if said.endswith("could not be made") else 0


if __name__ == "__main__":
    sys.exit(main())
