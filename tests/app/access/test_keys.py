"""Keys, limits, other sites' pages and the API's own page, on real nodes."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest

from app.access.keys import KeyFileError, read_keys
from tests.app.held import Held
from tests.app.node_process import NodeProcess, running

ALICE, BOB = "alice-0123456789abcdef", "bob-0123456789abcdef"
SITE = "https://site.example"


def keys_file(folder: Path, content: str, mode: int = 0o600) -> Path:
    path = folder / "keys"
    path.touch(0o600)
    path.write_text(content, "utf-8")
    path.chmod(mode)
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with two keys; each may have one job at a time, and four a minute."""
    folder = tmp_path_factory.mktemp("guarded")
    digest = hashlib.sha256(BOB.encode()).hexdigest()
    keys = keys_file(folder, f"# who may\n\nalice:{ALICE}\nbob:sha256:{digest}\n")
    arguments = ("--engine", "faulty", "--enable-queue", "--api-keys-file", str(keys))
    limits = ("--key-jobs", "1", "--key-rate", "4", "--cors-origins", SITE)
    with running(folder, *arguments, *limits) as started:
        started.wait_ready()
        yield started


def client_of(node: NodeProcess, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{node.url}/v1", api_key=key, max_retries=0, timeout=60)


def test_probes_need_no_key(guarded: NodeProcess) -> None:
    for path in ("/healthz", "/readyz", "/cluster/status", "/metrics"):
        assert guarded.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/v1/models", "/outputs/x.wav", "/docs", "/openapi.json", "/gradio_api/info"]
)
def test_everything_else_does(guarded: NodeProcess, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    scheme = "Bearer" if path.startswith("/v1") else "Basic"
    assert answer.headers["www-authenticate"].startswith(scheme)


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer nobody", "Basic ???", "Basic YTpi", f"Digest {ALICE}", "\xff"],
)
def test_what_is_no_key(guarded: NodeProcess, value: str) -> None:
    with guarded.client() as client:
        headers = [(b"Authorization", value.encode("latin-1"))]
        assert client.get("/v1/models", headers=headers).status_code == 401


def test_a_browser_gives_the_key_as_a_password(guarded: NodeProcess) -> None:
    with httpx.Client(base_url=guarded.url, auth=("anyone", ALICE), trust_env=False) as client:
        assert client.get("/").status_code == 200


def test_the_openai_client_with_keys(guarded: NodeProcess) -> None:
    with client_of(guarded, "wrong-0123456789abcdef") as client:
        with pytest.raises(openai.AuthenticationError) as told:
            client.models.list()
        assert told.value.code == "invalid_api_key"
    for key in (ALICE, BOB):
        with client_of(guarded, key) as client:
            assert client.models.list().data
    guarded.wait_until(lambda: {"alice", "bob"} <= {line.get("key") for line in guarded.lines})
    assert not any(ALICE in line or BOB in line for line in guarded.raw)


def test_shares_are_counted_by_key(guarded: NodeProcess, tmp_path: Path) -> None:
    with client_of(guarded, ALICE) as alice, client_of(guarded, BOB) as bob:

        def speak(client: openai.OpenAI, text: str) -> bytes:
            answer = client.audio.speech.create(model="tts-1", voice="tone", input=text)
            return answer.content

        with ThreadPoolExecutor(1) as threads:
            with Held(tmp_path) as held:
                slow = threads.submit(speak, alice, held.text)
                guarded.wait_until(lambda: guarded.status()["jobs"]["running"] == 1)
                with pytest.raises(openai.RateLimitError) as at_a_time:
                    speak(alice, "hello")
            assert slow.result()
        assert "which is the most" in at_a_time.value.message
        # Another key has a share of its own.
        assert speak(bob, "hello")
        for _ in range(3):
            assert speak(alice, "hello")
        with pytest.raises(openai.RateLimitError) as a_minute:
            speak(alice, "hello")
        assert 1 <= int(a_minute.value.response.headers["retry-after"]) <= 60
        assert alice.models.list().data
        assert speak(bob, "hello")


def test_pages_of_another_site(guarded: NodeProcess) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    with guarded.client() as client:
        known = client.options("/v1/audio/speech", headers={"Origin": SITE, **asked})
        other = client.options("/v1/audio/speech", headers={"Origin": "https://b.example", **asked})
    assert known.status_code == 200
    assert known.headers["access-control-allow-origin"] == SITE
    assert other.status_code == 400
    assert "access-control-allow-origin" not in other.headers


def test_by_default_only_pages_of_the_same_site(node: NodeProcess) -> None:
    with node.client() as client:
        answer = client.get("/v1/models", headers={"Origin": SITE})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (f"alice:{ALICE}\n", 0o604, "every user"),
        ("", 0o600, "holds no key"),
        ("alice\n", 0o600, "keys:1: a line is NAME:KEY"),
        (f"a b:{ALICE}\n", 0o600, "keys:1: a line is NAME:KEY"),
        ("alice:short\n", 0o600, "keys:1: a key has at least 16"),
        ("alice:sha256:0123\n", 0o600, "keys:1: a SHA-256 digest has 64"),
        (f"alice:{ALICE}\nalice:{BOB}\n", 0o600, "keys:2: there is a key for alice"),
    ],
)
def test_a_wrong_key_file(tmp_path: Path, content: str, mode: int, said: str) -> None:
    path = keys_file(tmp_path, content, mode)
    with pytest.raises(KeyFileError) as told:
        read_keys(path)
    assert said in str(told.value)
    assert ALICE not in str(told.value)


def test_a_key_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        read_keys(tmp_path / "keys")
    (tmp_path / "keys").touch(0o600)
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    with pytest.raises(KeyFileError, match="is not text"):
        read_keys(tmp_path / "keys")


def test_the_api_has_a_page_that_needs_no_internet(node: NodeProcess) -> None:
    page = node.get("/docs")
    assert page.status_code == 200
    assert "http://" not in page.text.replace(node.url, "") and "https://" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/assets/{name}" in page.text
        assert len(node.get(f"/docs/assets/{name}").content) > 100_000
