"""Who may see, use and delete what, under every choice of the operator."""

import pytest

from app.access.browsers import (
    COOKIE,
    SECURE_COOKIE,
    caller_of_token,
    cookie_with,
    new_token,
    token_in,
)
from app.access.ownership import NOBODY, Caller, Rules, caller_of_key

ME, OTHER, NONE, UNKNOWN = "key me", "key other", "", None


def may(rules: Rules, caller: Caller | None = None) -> dict[str, str]:
    """What the caller sees (s) and deletes (d), by owner."""
    caller = caller or Caller(ME, rules)
    owners = {"own": ME, "other": OTHER, "none": NONE, "unknown": UNKNOWN}
    return {
        name: "s" * caller.sees(owner) + "d" * caller.deletes(owner)
        for name, owner in owners.items()
    }


@pytest.mark.parametrize(
    ("rules", "own", "other", "none", "unknown"),
    [
        (Rules(), "sd", "", "sd", ""),
        (Rules(unowned="admins"), "sd", "", "", ""),
        # What is not seen is not deleted, whatever is said of deletion.
        (Rules(deletion="all"), "sd", "", "sd", ""),
        (Rules(history="all"), "sd", "s", "sd", "sd"),
        (Rules(history="all", unowned="admins"), "sd", "s", "s", "s"),
        (Rules(history="all", deletion="all"), "sd", "sd", "sd", "sd"),
    ],
)
def test_every_choice(rules: Rules, own: str, other: str, none: str, unknown: str) -> None:
    wanted = {"own": own, "other": other, "none": none, "unknown": unknown}
    assert may(rules) == wanted
    # Somebody who is not known owns nothing, not even what has no owner.
    stranger = may(rules, Caller("", rules))
    assert stranger == wanted | {"own": other}
    admin = caller_of_key("me", Rules(admin_keys=frozenset({"me"}), unowned="admins"))
    assert set(may(rules, admin).values()) == {"sd"}


def test_a_list_has_what_may_be_seen() -> None:
    assert Caller(ME, Rules()).listed() == frozenset({ME, ""})
    assert Caller(ME, Rules()).listed(own=True) == frozenset({ME})
    assert Caller(ME, Rules(unowned="admins")).listed() == frozenset({ME})
    assert Caller(ME, Rules(history="all")).listed() is None
    assert Caller(ME, Rules(history="all")).listed(own=True) == frozenset({ME})
    assert Caller("", Rules()).listed() == frozenset({""})
    assert Caller("", Rules()).listed(own=True) == NOBODY.listed() == frozenset()
    assert Caller(ME, Rules(), admin=True).listed() is None


def test_shared_voices_are_for_all_and_no_ones_to_delete() -> None:
    rules = Rules(shared_voices=frozenset({"voice_1"}))
    me = Caller(ME, rules)
    assert me.uses_voice("voice_1", OTHER) and not me.uses_voice("voice_2", OTHER)
    assert me.uses_voice("voice_2", ME) and me.deletes_voice("voice_2", ME)
    assert me.deletes_voice("voice_2", NONE) and not me.deletes_voice("voice_1", NONE)
    assert me.deletes_voice("voice_1", ME)
    assert Caller(OTHER, rules, admin=True).deletes_voice("voice_1", NONE)


def test_a_browser_is_known_by_its_token_alone() -> None:
    token, rules = new_token(), Rules(admin_keys=frozenset({"browser"}))
    caller = caller_of_token(token, rules)
    assert caller == caller_of_token(token, rules) and not caller.admin
    assert caller.owner.startswith("browser ") and token not in caller.owner
    assert caller.owner != caller_of_token(new_token(), rules).owner
    assert caller_of_token("", rules).owner == ""
    # No key has the name of a browser.
    assert caller_of_key("browser", rules).owner == "key browser"


def test_only_whole_tokens_of_our_cookie_count() -> None:
    token = new_token()

    def found(*values: str, secure: bool = False) -> str:
        return token_in([(b"cookie", value.encode()) for value in values], secure=secure)

    assert found(f"a=1; {COOKIE}={token}; b=2") == token
    assert found("a=1", f"{COOKIE}={token}") == token
    assert found(cookie_with(token, secure=False)) == token
    assert found(cookie_with(token, secure=True), secure=True) == token
    # Over TLS one that was sent in clear text proves nothing.
    assert found(f"{COOKIE}={token}", secure=True) == ""
    assert found(f"{SECURE_COOKIE}={token}") == ""
    for wrong in ("", "x", token[:-1], f"{token}x", f"{token[:-1]}é", f"{token[:-1]}%"):
        assert found(f"{COOKIE}={wrong}") == ""
    assert found(f"x{COOKIE}={token}") == ""


def test_the_cookie_is_kept_from_scripts_and_other_sites() -> None:
    plain, secure = cookie_with("t", secure=False), cookie_with("t", secure=True)
    for words in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert words in plain.split("; ") and words in secure.split("; ")
    assert "Secure" in secure.split("; ") and "Secure" not in plain.split("; ")
    assert secure.startswith("__Host-")
