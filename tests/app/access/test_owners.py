"""Two people at a real node neither see, hear, use nor delete what is the other's."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.access.browsers import COOKIE, caller_of_token, new_token
from app.access.ownership import Caller, Rules
from app.errors import InvalidInputError
from app.web.event_caller import check_known
from tests.app.access.test_keys import ALICE, BOB, keys_file
from tests.app.audio.sounds import speech_like, write
from tests.app.node_process import NodeProcess, running
from tests.app.owned import PageEvents, put_output, put_voice

ADMIN = "admin-0123456789abcdef"
SHARED = "voice_0123456789abcdef"


def browser(node: NodeProcess, token: str = "") -> httpx.Client:
    """A browser without a login: by itself without a token."""
    cookies = {COOKIE: token} if token else {}
    return httpx.Client(base_url=node.url, cookies=cookies, timeout=60, trust_env=False)


def login(node: NodeProcess, key: str) -> httpx.Client:
    """A browser whose user has given a key as the password."""
    return httpx.Client(base_url=node.url, auth=("any", key), timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with three keys, of which one is an administrator's."""
    folder = tmp_path_factory.mktemp("keyed")
    keys = keys_file(folder, f"alice:{ALICE}\nbob:{BOB}\nroot:{ADMIN}\n")
    arguments = ("--engine", "mimic", "--enable-queue", "--api-keys-file", str(keys))
    rules = ("--admin-keys", "root", "--shared-voices", SHARED, "--unowned", "admins")
    with running(folder, *arguments, *rules) as started:
        started.wait_ready()
        yield started


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = write(tmp_path_factory.mktemp("voice") / "voice.wav", speech_like(3.0))
    return path.read_bytes()


def reads(client: httpx.Client, node: NodeProcess, stem: str) -> set[bool]:
    """Whether each road to an output's sound is open; the same for all, one hopes."""
    name = f"{stem}.wav"
    found = set()
    for road in (
        f"/outputs/{name}",
        f"/outputs/{name}?download=true",
        f"/gradio_api/file={node.outputs / name}",
        f"/gradio_api/file/{node.outputs / name}",
        f"/gradio_api/file={node.outputs.parent / 'state' / 'spool' / name}",
    ):
        for headers in ({}, {"Range": "bytes=0-3"}):
            answer = client.get(road, headers=headers)
            assert answer.status_code in (200, 206, 404), road
            found.add(answer.is_success)
            if answer.is_success:
                assert "private" in answer.headers["cache-control"]
        found.add(client.head(road).is_success)
    for road in (f"/outputs/{stem}.json", f"/gradio_api/file={node.outputs / stem}.json"):
        assert not client.get(road).is_success
    return found


def exchange(one: httpx.Client, other: httpx.Client, node: NodeProcess) -> None:
    """Each makes an output by the API; what either may then do with it."""
    body = {"model": "tts-1", "input": "mine alone", "voice": SHARED, "response_format": "wav"}
    made = one.post("/v1/audio/speech", json=body | {"save": True, "stream": False})
    assert made.status_code == 200, made.text
    path = made.headers["x-output"]
    stem = Path(path).stem
    mine, theirs = PageEvents(one), PageEvents(other)
    for look in (mine.look(), mine.look("alone"), mine.look(whose="mine")):
        assert stem in look and 'class="round delete"' in look
    for look in (theirs.look(), theirs.look("alone"), theirs.look(stem), theirs.look(whose="mine")):
        assert stem not in look and "mine alone" not in look
    assert reads(one, node, stem) == {True}
    assert reads(other, node, stem) == {False}
    refused, none = other.delete(path), other.delete(path.replace(stem[-8:], "00000000"))
    assert (refused.status_code, refused.json()) == (404, none.json())
    assert "already been deleted" in theirs.delete(stem)
    assert (node.outputs / f"{stem}.wav").exists() and (node.outputs / f"{stem}.json").exists()
    assert "Deleted." in mine.delete(stem)
    assert one.get(path).status_code == one.delete(path).status_code == 404
    assert not (node.outputs / f"{stem}.wav").exists()


def test_two_browsers_in_which_nobody_logs_in(mimic_node: NodeProcess, voice: bytes) -> None:
    put_voice(mimic_node, voice, voice_id=SHARED)
    with browser(mimic_node) as one, browser(mimic_node) as other:
        for client in (one, other):
            page = client.get("/")
            assert COOKIE in page.headers["set-cookie"]
            assert "private" in page.headers["cache-control"]
        assert one.cookies[COOKIE] != other.cookies[COOKIE]
        exchange(one, other, mimic_node)
        exchange(other, one, mimic_node)
        kept = one.cookies[COOKIE]
        assert kept in one.get("/").headers["set-cookie"]
        (mimic_node.outputs / "voices" / f"{SHARED}.json").unlink()


def test_two_keys_by_the_api_and_as_logins(keyed: NodeProcess, voice: bytes) -> None:
    put_voice(keyed, voice, voice_id=SHARED)
    with login(keyed, ALICE) as one, login(keyed, BOB) as other:
        assert "set-cookie" not in one.get("/").headers
        exchange(one, other, keyed)
        bearer = {"Authorization": f"Bearer {BOB}"}
        stem = put_output(keyed, "theirs", "key alice")
        with keyed.client() as program:
            assert program.get(f"/outputs/{stem}.wav", headers=bearer).status_code == 404
        # A cookie says nothing where there are keys.
        token = new_token()
        marked = put_output(keyed, "a browser's", caller_of_token(token, Rules()).owner)
        other.cookies[COOKIE] = token
        assert other.get(f"/outputs/{marked}.wav").status_code == 404


def test_an_administrator_sees_and_deletes_everything(keyed: NodeProcess) -> None:
    of_alice, of_none = put_output(keyed, "hers", "key alice"), put_output(keyed, "whose")
    with login(keyed, ADMIN) as admin, login(keyed, ALICE) as alice:
        seen = PageEvents(admin).look()
        assert of_alice in seen and of_none in seen
        assert of_alice not in PageEvents(admin).look(whose="mine")
        assert reads(admin, keyed, of_none) == {True} and reads(alice, keyed, of_none) == {False}
        assert of_none not in PageEvents(alice).look()
        assert alice.delete(f"/outputs/{of_none}.wav").status_code == 404
        told = admin.delete(f"/outputs/{of_alice}.wav")
        assert told.json() == {
            "id": f"{of_alice}.wav",
            "object": "audio.output.deleted",
            "deleted": True,
        }
        assert alice.get(f"/outputs/{of_alice}.wav").status_code == 404


def test_the_page_says_nothing_of_owners(mimic_node: NodeProcess) -> None:
    put_output(mimic_node, "whose", "")
    with browser(mimic_node) as client:
        client.get("/")
        look = PageEvents(client).look()
    assert "whose" in look and "owner" not in look and "browser " not in look


def test_what_nobody_owns_is_everybodys_by_default(mimic_node: NodeProcess) -> None:
    stem = put_output(mimic_node, "old")
    with browser(mimic_node, new_token()) as client, mimic_node.client() as program:
        assert stem in PageEvents(client).look()
        assert stem not in PageEvents(client).look(whose="mine")
        assert reads(program, mimic_node, stem) == {True}
        assert program.delete(f"/outputs/{stem}.wav").status_code == 200
        assert program.delete(f"/outputs/{stem}.wav").status_code == 404
        assert program.delete("/outputs/..%2fx.wav").status_code == 404


def test_whose_it_is_cannot_be_told(mimic_node: NodeProcess) -> None:
    """A sidecar that is broken, or gone, does not make an output everybody's."""
    stem = put_output(mimic_node, "broken", "key alice")
    with mimic_node.client() as program:
        (mimic_node.outputs / f"{stem}.json").write_text("{")
        assert program.get(f"/outputs/{stem}.wav").status_code == 404
        (mimic_node.outputs / f"{stem}.json").unlink()
        assert program.get(f"/outputs/{stem}.wav").status_code == 404
        assert program.delete(f"/outputs/{stem}.wav").status_code == 404
    assert (mimic_node.outputs / f"{stem}.wav").exists()


def test_a_voice_is_its_owners(keyed: NodeProcess, voice: bytes) -> None:
    put_voice(keyed, voice, voice_id=SHARED)
    form = {"data": {"name": "我"}, "files": {"audio_sample": ("voice.wav", voice)}}
    with login(keyed, ALICE) as alice, login(keyed, BOB) as bob, login(keyed, ADMIN) as admin:
        made = alice.post("/v1/audio/voices", **form)  # type: ignore[arg-type]
        assert made.status_code == 201, made.text
        hers = made.json()["id"]
        of_none = put_voice(keyed, voice)

        def listed(client: httpx.Client) -> dict[str, bool]:
            found = client.get("/v1/audio/voices").json()["voices"]
            return {one["id"]: one["own"] for one in found if one["registered"]}

        def deletable(client: httpx.Client) -> set[str]:
            found = client.get("/v1/audio/voices").json()["voices"]
            return {one["id"] for one in found if one.get("deletable")}

        def speaks(client: httpx.Client, name: str) -> dict[str, object] | None:
            body = {"model": "tts-1", "input": "x", "voice": name, "stream": False}
            answer = client.post("/v1/audio/speech", json=body)
            return None if answer.is_success else answer.json()["error"]

        assert listed(alice) == {hers: True, SHARED: False}
        assert listed(bob) == {SHARED: False}
        assert listed(admin) == {hers: False, SHARED: False, of_none: False}
        assert (deletable(alice), deletable(bob)) == ({hers}, set())
        assert deletable(admin) == {hers, SHARED, of_none}
        assert hers in PageEvents(alice).voices()
        assert hers not in PageEvents(bob).voices() and SHARED in PageEvents(bob).voices()
        assert speaks(alice, hers) is None and speaks(bob, SHARED) is None
        # Told as one that there is not.
        nowhere, refused = speaks(bob, "voice_0000000000000000"), speaks(bob, hers)
        assert nowhere and refused
        assert nowhere["code"] == refused["code"]
        assert str(nowhere["message"]).replace("voice_0000000000000000", hers) == refused["message"]
        # A name that stands for any voice stands for one of the caller's.
        used = bob.post("/v1/audio/speech", json={"model": "tts-1", "input": "x", "voice": "nova"})
        assert used.headers.get("x-voice") != hers
        for wrong in (hers, "voice_0000000000000000"):
            answer = bob.delete(f"/v1/audio/voices/{wrong}")
            assert answer.status_code == 404
            assert answer.json()["error"]["message"] == "there is no such registered voice"
            renamed = bob.patch(f"/v1/audio/voices/{wrong}", json={"name": "x"})
            assert renamed.status_code == 404 and renamed.json() == answer.json()
        assert bob.patch(f"/v1/audio/voices/{SHARED}", json={"name": "x"}).status_code == 403
        assert alice.patch(f"/v1/audio/voices/{hers}", json={"name": "x"}).json()["name"] == "x"
        # It can be seen, so that it is there is no secret.
        assert bob.delete(f"/v1/audio/voices/{SHARED}").status_code == 403
        assert alice.delete(f"/v1/audio/voices/{hers}").status_code == 200
        assert admin.delete(f"/v1/audio/voices/{of_none}").status_code == 200
        assert admin.delete(f"/v1/audio/voices/{SHARED}").status_code == 200


def test_a_page_without_cookies_makes_nothing_that_others_would_see() -> None:
    with pytest.raises(InvalidInputError) as told:
        check_known(Caller("", Rules()))
    assert told.value.code == "no_cookie" and "Cookie" in told.value.zh
    check_known(Caller("browser 1", Rules()))
    # Here the page has said that all see it.
    check_known(Caller("", Rules(history="all")))
