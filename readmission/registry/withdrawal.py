"""Takes a version out of what may serve: it is neither promoted by itself nor gone back to any more."""

from connections.model_registry import client, production_version, registered
from connections.settings import Settings
from readmission.errors import PromotionError
from readmission.registry.ledger import Entry, append, last_live, this_person
from readmission.registry.production import entry_about, find_version, note
from readmission.registry.settling import settled
from readmission.registry.standing import key_of


def withdraw(settings: Settings, name: str, version: str, reason: str, by_whom: str | None = None) -> Entry:
    """Enters in the ledger that a version is withdrawn, and why. A person may still promote it.

    Raises:
        PromotionError: there is no such version, or it is in production.
        LockTakenError: a promotion is running and does not end.
    """
    with settled(settings, name) as found:
        meant = find_version(client(settings), name, version)
        present, live = production_version(settings, name), last_live(found)
        ours = registered(meant)
        if (present and key_of(present) == key_of(ours)) or (live and live.is_about(ours)):
            raise PromotionError(f"version {version} of {name} is in production; run `readmission rollback` first")
        entry = entry_about(found, meant, "withdrawn", None, by_whom or this_person(), reason)
        append(settings, entry)
        note(settings, meant, f"withdrawn: {reason}")
    return entry
