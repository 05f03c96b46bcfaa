"""The command that compares a shadow with the version that answered."""

import json

from readmission.shadow.comparison import LIMITS
from readmission.storage.databases import initialise
from tests.integration.cli.shell import Shell
from tests.integration.shadow.logged import NOTE, add


def test_the_command_prints_a_table_or_json_and_nothing_of_a_patient(shell: Shell) -> None:
    initialise(shell.settings)
    said = shell.run("shadow", code=1)
    assert "error: no prediction was scored by a shadow yet" in said
    add(shell.settings, (0.1, 0.2), (0.2, 0.6), (0.4, 0.5), (0.5, 0.3))
    said = shell.run("shadow")
    assert "m: 4 predictions, 2026-11-01 12:00 to 2026-11-01 12:03 UTC" in said
    assert "answer of 1" in said and "shadow 2" in said
    assert "+0.1000" in said and "not which of them is better" in said
    printed = shell.run("shadow", "--json", "--since", "2026-11-01T12:01:00")
    told = json.loads(printed[printed.index("{") :])
    assert told["limits"] == LIMITS
    assert [one["predictions"] for one in told["comparisons"]] == [3]
    assert told["comparisons"][0]["first"] == "2026-11-01T12:01:00Z"
    assert NOTE not in said + json.dumps(told)
    assert "is no ISO time" in shell.run("shadow", "--since", "soon", code=2)
