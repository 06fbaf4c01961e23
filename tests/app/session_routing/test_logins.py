"""Gradio's own login, which one process knows, through a balancer without any stickiness."""

from collections.abc import Iterator

import httpx
import pytest

from app.session_routing.logins import keys
from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, Nodes, running_nodes

pytestmark = pytest.mark.long

USER, PASSWORD = "李雷", "秘密"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running_nodes(tmp_path_factory.mktemp("gradio"), "--auth") as started:
        yield started


def _log_in(url: str) -> dict[str, str]:
    """The header of one who has, as a browser would send it to any of the nodes."""
    words = {"username": USER, "password": PASSWORD}
    answer = httpx.post(f"{url}/login", data=words, timeout=30)
    assert answer.status_code == 200, answer.text
    return {"cookie": "; ".join(f"{key}={value}" for key, value in answer.cookies.items())}


def _user(url: str, headers: dict[str, str]) -> str | None:
    user: str | None = httpx.get(f"{url}/gradio_api/user", headers=headers, timeout=30).json()
    return user


def test_a_login_is_good_everywhere_and_only_with_its_cookie(nodes: Nodes) -> None:
    for made_at in NAMES:
        headers = _log_in(nodes.own_url(made_at))
        for name in NAMES:
            assert _user(nodes.own_url(name), headers) == USER
            assert (
                httpx.get(f"{nodes.own_url(name)}/config", headers=headers, timeout=30).status_code
                == 200
            )
            assert httpx.get(f"{nodes.own_url(name)}/config", timeout=30).status_code == 401


def test_jobs_of_one_who_has_logged_in(nodes: Nodes) -> None:
    for _ in range(3):
        client = patient_client(nodes.url, auth=(USER, PASSWORD))
        answers = [client.predict("x", api_name="/greet") for _ in range(4)]
        owner = answers[0].split()[2]
        assert answers == [f"x by {owner} {number}" for number in range(1, 5)]


def test_a_token_that_nobody_gave_names_no_node(nodes: Nodes) -> None:
    headers = {"cookie": "access-token-one=one; access-token-unsecure-two=two"}
    for name in NAMES:
        assert _user(nodes.own_url(name), headers) is None


def test_a_login_goes_with_its_node_and_is_made_anew(nodes: Nodes) -> None:
    headers = _log_in(nodes.own_url("two"))
    nodes.kill("two")
    try:
        assert _user(nodes.own_url("one"), headers) is None
        again = _log_in(nodes.url)
        assert {_user(nodes.own_url(name), again) for name in ("one", "three")} == {USER}
    finally:
        nodes.start("two")
        nodes.wait_for("two")


def test_keys_tell_nothing_of_the_token() -> None:
    headers = [
        (b"set-cookie", b"access-token-unsecure-X_-9=secret-1; HttpOnly; Path=/"),
        (b"cookie", b"a=b; access-token-X_-9=secret-1;access-token-unsecure-X_-9=secret-1"),
    ]
    assert keys(headers, b"set-cookie") == keys(headers, b"cookie")
    assert len(keys(headers, b"cookie")) == 1
    assert "secret" not in keys(headers, b"cookie")[0]
    many = b"; ".join(b"access-token-%d=%d" % (number, number) for number in range(100))
    assert len(keys([(b"cookie", many)], b"cookie")) == 8
    assert keys([(b"cookie", b"x-access-token-1=2; access-token-=3")], b"cookie") == []
