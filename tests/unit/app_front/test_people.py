"""Whom of an identity provider's people the form lets in."""

from typing import Any

import pytest

from app_front.access import people

ALLOWED = "ward.example, Locum@Other.example"
ANA = {"email": "ana@ward.example", "email_verified": True, "sub": "1", "iat": 1_000, "nonce": "a"}


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        (ANA, True),
        (ANA | {"email": "ANA@WARD.EXAMPLE"}, True),
        ({"email": "ana@ward.example"}, True),  # a provider that says nothing of it, as Entra ID
        (ANA | {"email": "locum@other.example"}, True),
        (ANA | {"email_verified": False}, False),
        (ANA | {"email_verified": "false"}, False),
        (ANA | {"email": "someone@other.example"}, False),
        (ANA | {"email": "ana@sub.ward.example"}, False),
        (ANA | {"email": "ana@xward.example"}, False),
        (ANA | {"email": "ana@ward.example@evil.example"}, False),
        (ANA | {"email": "ward.example"}, False),
        (ANA | {"email": "@ward.example"}, False),
        (ANA | {"email": ["ana@ward.example"]}, False),
        ({"sub": "ana@ward.example", "preferred_username": "ana@ward.example"}, False),
    ],
)
def test_by_address_or_its_domain_and_by_nothing_else(claims: dict[str, Any], allowed: bool) -> None:
    assert people.is_allowed(claims, ALLOWED) is allowed
    assert not people.is_allowed(claims, "")


def test_each_log_in_has_a_name_of_its_own_and_a_time() -> None:
    again = ANA | {"nonce": "b"}
    assert people.log_in_of(ANA) == people.log_in_of(dict(reversed(ANA.items()))) != people.log_in_of(again)
    assert people.logged_in_at(ANA) == 1_000
    assert people.logged_in_at(ANA | {"auth_time": 900}) == 900
    assert people.logged_in_at({"iat": "now"}) == people.logged_in_at({}) == 0
