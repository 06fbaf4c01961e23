"""A browser that trusts the cluster's own authority, before Nginx and a real node: the page has the
microphone over HTTPS, and what is said into it is cloned."""

import io
import subprocess
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest
from playwright.sync_api import Browser, Page

from provisioning.model.tls.authority import issue, new_authority
from tests.app.browser.authorities import trust
from tests.app.browser.conftest import ARGUMENTS, CHROMIUM, ENGLISH
from tests.app.browser.page_actions import (
    choose_mode,
    generate,
    recording,
    records,
    write,
)
from tests.app.node_process import NodeProcess, running
from tests.app.patient_client import patient_client
from tests.certificates import NAME
from tests.roles.nginx_site import Site, started

_FETCH = "async url => [...new Uint8Array(await (await fetch(url)).arrayBuffer())]"
_HERTZ = 180
"""The voice of ``recording``."""


@dataclass
class Service:
    """A node behind Nginx, as clients have it."""

    node: NodeProcess
    site: Site

    @property
    def arguments(self) -> list[str]:
        """Of a browser for which the name is in DNS."""
        ports = {443: self.site.port, 80: self.site.plain}
        rules = ",".join(f"MAP {NAME}:{port} 127.0.0.1:{ours}" for port, ours in ports.items())
        return [*ARGUMENTS, f"--host-resolver-rules={rules}"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("https")
    now = datetime.now(UTC)
    authority = new_authority("lab", now)
    certificate = folder / "certificate.pem"
    certificate.write_text(issue(authority, [NAME], [ip_address("127.0.0.1")], now).pem())
    with running(folder, "--engine", "mimic", "--enable-queue", "--host-names", NAME) as node:
        node.wait_ready()
        site = Site(folder, int(node.url.rpartition(":")[2]), certificate)
        site.trusted.write_text(authority.public_pem())
        with started(site):
            yield Service(node, site)


@contextmanager
def page_of(
    browser: Browser, home: Path, service: Service, *arguments: str, url: str = f"https://{NAME}"
) -> Iterator[Page]:
    """In a browser of a user whose list of authorities has ours."""
    trust(home, service.site.trusted)
    started_here = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=[*service.arguments, *arguments],
        env={"HOME": str(home)},
    )
    try:
        page = started_here.new_context(locale=ENGLISH).new_page()
        page.set_default_timeout(90_000)
        page.goto(url)
        yield page
    finally:
        started_here.close()


def _loudest(sound: bytes) -> float:
    """The frequency of a WAV file's strongest tone."""
    with wave.open(io.BytesIO(sound)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    assert len(samples) > 2 * rate
    strength = np.abs(np.fft.rfft(samples))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[strength.argmax()])


def test_what_is_said_into_the_microphone_is_cloned(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    said = recording(tmp_path / "said.wav", seconds=8)
    microphone = f"--use-file-for-fake-audio-capture={said}"
    with page_of(browser, tmp_path, service, microphone, url=f"http://{NAME}/") as page:
        # By the redirect, as whoever types the name does.
        assert page.url == f"https://{NAME}/"
        assert page.evaluate("() => isSecureContext && !!navigator.mediaDevices")
        choose_mode(page, "clone")
        button = page.locator("#reference .clip-record")
        button.click()
        page.wait_for_function(
            "() => Number(document.querySelector('#reference .clip-record output').value) > 3"
        )
        button.click()
        page.locator("#reference-verdict .verdict").wait_for()
        page.locator("#transcript textarea").fill("the words of the recording")
        write(page, "in the voice of the recording")
        generate(page)
        source = page.locator("#result .player").get_attribute("data-source")
        sound = bytes(page.evaluate(_FETCH, source))
        insecure = page.evaluate(
            "() => performance.getEntriesByType('resource').map(one => one.name)"
            ".filter(name => !/^(https|data|blob):/.test(name))"
        )
        assert insecure == []
    record = records(service.node)[-1]
    assert (record["mode"], bool(record["reference_digest"])) == ("clone", True)
    # The engine gives back the recording that it got.
    assert _loudest(sound) == pytest.approx(_HERTZ, abs=3)


def test_without_https_there_is_no_microphone(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    port = service.node.url.rpartition(":")[2]
    plain = f"--host-resolver-rules=MAP {NAME}:{port} 127.0.0.1:{port}"
    with page_of(browser, tmp_path, service, plain, url=f"http://{NAME}:{port}/") as page:
        assert page.evaluate("() => [isSecureContext, !!navigator.mediaDevices]") == [False, False]


def test_who_does_not_trust_the_authority_is_warned(browser: Browser, service: Service) -> None:
    stranger = browser.browser_type.launch(executable_path=CHROMIUM, args=service.arguments)
    try:
        with pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
            stranger.new_page().goto(f"https://{NAME}/")
    finally:
        stranger.close()


@pytest.fixture
def url(service: Service, monkeypatch: pytest.MonkeyPatch) -> str:
    """For clients in Python, which are told what to trust as docs/tls.md has it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(service.site.trusted))
    return f"https://127.0.0.1:{service.site.port}"


def test_openais_client(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=60) as client:
        said = client.audio.speech.create(
            model="tts-1", voice="tone", input="hello", response_format="wav"
        )
    assert said.content.startswith(b"RIFF")


def test_gradios_client(url: str) -> None:
    client = patient_client(url)
    assert client.src.startswith("https://")
    found = client.view_api(return_format="dict")
    assert found["named_endpoints"]


def test_clients_that_were_told_nothing_refuse(service: Service) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://127.0.0.1:{service.site.port}/readyz", trust_env=False)


def test_curl_asks_with_the_authority_and_not_without(service: Service) -> None:
    place = f"{NAME}:{service.site.port}:127.0.0.1"
    command = ["curl", "-sS", "--noproxy", "*", "--resolve", place]
    url = f"https://{NAME}:{service.site.port}/readyz"
    trusting = [*command, "--cacert", str(service.site.trusted), "--http2", "-w", "%{http_version}"]
    done = subprocess.run([*trusting, url], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("2")
    refused = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    assert refused.returncode == 60
    old = [*command, "--cacert", str(service.site.trusted), "--tls-max", "1.1", "--ciphers"]
    outdated = subprocess.run([*old, "DEFAULT@SECLEVEL=0", url], capture_output=True, check=False)
    assert outdated.returncode == 35
