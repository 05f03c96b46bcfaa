"""Ids in the order of time."""

import time
from uuid import UUID

from app_back.log.row import new_id


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    before = time.time_ns()
    made = [new_id() for _ in range(5_000)]
    after = time.time_ns()
    assert {(UUID(each).version, UUID(each).variant) for each in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 5_000
    # By more than the quarter of a microsecond that they tell; beyond it the rest of an id is random.
    moments = [_moment(each) for each in made]
    assert moments == sorted(moments)
    assert before // 1_000_000 <= moments[0] // 4096 and moments[-1] // 4096 <= after // 1_000_000


def _moment(each: str) -> int:
    value = UUID(each).int
    return (value >> 80) << 12 | (value >> 64) & 0xFFF
