"""Goes back to what served before, by the ledger; what does not prove itself any more is not gone back to."""

from mlflow.entities.model_registry import ModelVersion

from connections.model_registry import client, production_version, registered, registered_versions
from connections.settings import Settings
from readmission.errors import PromotionError, RemovedError, UntrustedModelError
from readmission.registry.ledger import Entry, append, this_person
from readmission.registry.production import entry_about, find_version, note, put_in_production
from readmission.registry.settling import settled
from readmission.registry.signed_models import SignedModel, version_model
from readmission.registry.standing import Key, key_of, standing

Target = tuple[ModelVersion, SignedModel, str]
"""The version that is gone back to, its files, and what is to be said of those that were stepped over."""


def roll_back(
    settings: Settings, name: str, reason: str, to: str | None = None, by_whom: str | None = None, once: bool = False
) -> Entry:
    """Puts the version that served before the one in production, or the one that a person names, in its place.

    Those that were rolled back, withdrawn or deleted since are stepped over. With `once` a second call by the same one
    does nothing, as by the retry of a task. Gives the ledger's entry.

    Raises:
        PromotionError: nothing is or was in production, nothing served before it, or the version named is none.
        UntrustedModelError: the version does not prove itself; that too is in the ledger.
        RemovedError: the files of the version named are gone.
        LockTakenError: a promotion is running and does not end.
    """
    who = by_whom or this_person()
    with settled(settings, name) as found:
        done = [one for one in found if once and one.action == "rolled_back" and one.by_whom == who]
        return done[-1] if done else _Rollback(settings, name, who, found).carry_out(reason, to)


class _Rollback:
    def __init__(self, settings: Settings, name: str, who: str, found: list[Entry]) -> None:
        self._settings, self._name, self._who, self._found = settings, name, who, found
        self._standing = standing(found)
        self._leaves = self._leaving()

    def carry_out(self, reason: str, to: str | None) -> Entry:
        version, model, remark = self._named(to) if to else self._before()
        entry = entry_about(self._found, version, "rolled_back", self._leaves[0], self._who, reason + remark)
        done = put_in_production(self._settings, version, model.manifest_sha256, entry)
        note(self._settings, version, f"rolled back to: {entry.reason}")
        return done

    def _leaving(self) -> Key:
        """The version in production; where that was deleted or lost its alias, the last that was there."""
        if present := production_version(self._settings, self._name):
            return key_of(present)
        if not self._standing.served:
            raise PromotionError(f"no version of {self._name} is in production, nor was one; `readmission promote` one")
        return self._standing.served[-1]

    def _named(self, to: str) -> Target:
        version = find_version(client(self._settings), self._name, to)
        wanted = key_of(registered(version))
        barred = self._standing.barred.get(wanted)
        if wanted == self._leaves:
            raise PromotionError(f"version {to} is in production; there is nothing to go back from")
        if barred is not None and barred.action == "withdrawn":
            raise PromotionError(f"version {to} was withdrawn ({barred.reason}) and is not gone back to")
        return version, self._proven(version), ""

    def _before(self) -> Target:
        there, over = {key_of(one) for one in registered_versions(self._settings, self._name)}, []
        for key in self._standing.before(self._leaves):
            if key not in there:
                over.append(f"version {key[0]}, which was deleted")
                continue
            version = find_version(client(self._settings), self._name, key[0])
            try:
                return version, self._proven(version), _remark(over)
            except RemovedError:
                over.append(f"version {key[0]}, whose files were removed")
        raise PromotionError(f"{self._name} has no earlier production version to go back to{_remark(over)}")

    def _proven(self, version: ModelVersion) -> SignedModel:
        """The files of a version that is signed and answers its own examples; the ledger tells of one that is not."""
        try:
            model = version_model(self._settings, registered(version))
            model.scorer()
        except UntrustedModelError as error:
            why = f"no rollback to it: {error}"
            append(self._settings, entry_about(self._found, version, "refused", self._leaves[0], self._who, why))
            raise
        return model


def _remark(over: list[str]) -> str:
    return f" (stepped over {' and '.join(over)})" if over else ""
