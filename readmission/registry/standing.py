"""What the ledger's entries come to: which versions served before, in their order, and which do not come back."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connections.model_registry import RegisteredVersion
from readmission.registry.ledger import Entry

Key = tuple[str, int | None]
"""A version's number, and when it was created (milliseconds since 1970): MLflow gives a deleted one's number again."""


def key_of(version: RegisteredVersion) -> Key:
    """A version as the entries name it."""
    return version.version, version.created


@dataclass
class Standing:
    """The versions that served, the last of which is live, as a stack: a promotion pushes, a rollback pops to its
    target. `barred` has those that were rolled back or withdrawn since they last served, with the entry that says so.
    """

    served: list[Key] = field(default_factory=list)
    barred: dict[Key, Entry] = field(default_factory=dict)

    def before(self, present: Key | None) -> list[Key]:
        """What a rollback may go back to, the latest first: what served before the version that is in production now.

        Where that is not the one that the ledger knows as live, it was put there past the pipeline: that one is first.
        """
        earlier = self.served[:-1] if self.served[-1:] == [present] else self.served
        return [key for key in dict.fromkeys(reversed(earlier)) if key not in self.barred and key != present]


def standing(found: Iterable[Entry]) -> Standing:
    """Follows a model's entries, the oldest first."""
    now = Standing()
    created: dict[str | None, int | None] = {}
    for entry in found:
        if entry.action == "withdrawn":
            now.barred[entry.from_version or "", entry.version_created] = entry
        if not entry.live:
            continue
        if entry.action == "rolled_back":
            now.barred[entry.from_version or "", created.get(entry.from_version)] = entry
        _lead_to(now, entry)
        created[entry.to_version] = entry.version_created
    return now


def _lead_to(now: Standing, entry: Entry) -> None:
    key = entry.to_version or "", entry.version_created
    now.barred.pop(key, None)
    if entry.action == "rolled_back":
        _pop_to(now.served, key)
    if now.served[-1:] != [key]:
        now.served.append(key)


def _pop_to(served: list[Key], key: Key) -> None:
    """Drops what served after the target; one that never served takes the place of the last."""
    while served and key in served and served[-1] != key:
        served.pop()
    if key not in served:
        del served[-1:]
