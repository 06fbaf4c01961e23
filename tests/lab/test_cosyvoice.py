"""CosyVoice on three bare Debians by one command: the public repository's own classes with tiny
random weights, from stand-ins of the hubs, in every mode of API and page through the VIP.

Needs the extra `cosyvoice-cpu` and `onnx` where the tests run, and a checkout:

    COSYVOICE_REPOSITORY=FOLDER python -m pytest -m long tests/lab/test_cosyvoice.py
"""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from provisioning.lab.running import Lab
from tests.app.audio.sounds import speech_like, write
from tests.app.browser.conftest import ARGUMENTS, CHROMIUM
from tests.app.engines.cosyvoice.conftest import PUBLIC, PUBLIC_ONLY, public
from tests.lab.cluster import Cluster
from tests.lab.modes_on_page import MODES, fill, heard
from tests.lab.test_cluster import service
from tests.operations.artifacts.hub import Hub, serving

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(5400), PUBLIC_ONLY]

NODES = {"rs1", "rs2", "rs3"}
MODEL = "FunAudioLLM/Fun-CosyVoice3-0.5B-2512"
PATIENCE = 180_000
_ASK = """
import hashlib, json, sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with open(sys.argv[2], encoding="utf-8") as asked:
    bodies = json.load(asked)
for body in bodies:
    request = urllib.request.Request(sys.argv[1], json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with opener.open(request, timeout=300) as answer:
        sound = answer.read()
        node = answer.headers["X-Made-By"] or answer.headers["X-Node"]
    print(json.dumps([node, len(sound), hashlib.sha256(sound).hexdigest()]), flush=True)
"""
"""One request after the other, each on a connection of its own."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a voice."""
    return write(tmp_path_factory.mktemp("recording") / "三秒.wav", speech_like(3.0))


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    """ModelScope with a model, and Hugging Face with a newer one of other weights."""
    import torch

    folder = public(tmp_path_factory.mktemp("weights"), 3).model_dir
    with serving() as modelscope, serving() as huggingface:
        modelscope.files = contents(folder)
        flow = torch.load(folder / "flow.pt", weights_only=True)
        newer = {name: one * 1.05 if one.is_floating_point() else one for name, one in flow.items()}
        torch.save(newer, folder / "flow.pt")
        huggingface.files = contents(folder)
        yield modelscope, huggingface


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The checkout, where the inventory's default repository and its submodule are asked for."""
    start = "https://github.com"
    lines = ['[protocol "file"]\nallow = always\n[safe]\ndirectory = *\n']
    for name, place in {
        "FunAudioLLM/CosyVoice": PUBLIC,
        "shivammehta25/Matcha-TTS": f"{PUBLIC}/third_party/Matcha-TTS",
    }.items():
        lines.append(f'[url "{place}"]\ninsteadOf = {start}/{name}.git\n')
    file = tmp_path_factory.mktemp("git") / "config"
    file.write_text("".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(file))
        yield


def weights(**where: str) -> Any:
    def change(content: dict[str, Any]) -> None:
        service(scheduler="rr", persistence=None)(content)
        content["app"]["engine"] = {"name": "cosyvoice3", "gpus": "none", "model": where}

    return change


def first(hubs: tuple[Hub, Hub]) -> Any:
    return weights(modelscope=MODEL, revision="v1.0", hub=hubs[0].address)


@pytest.fixture(scope="module")
def deployed(
    three_servers: Lab,
    hubs: tuple[Hub, Hub],
    github: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Cluster:
    """A cluster, by nothing but an inventory and `cluster deploy`."""
    made = Cluster(three_servers, tmp_path_factory.mktemp("operator"))
    made.write(first(hubs))
    done = made.run("deploy", "--yes", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def bodies(recording: Path) -> dict[str, dict[str, Any]]:
    """A request for every mode."""
    clip = base64.b64encode(recording.read_bytes()).decode()
    clone = {"reference": clip, "reference_text": "今天天气很好。"}
    return {
        "preset": {"input": "你好，世界。", "voice": "中文女"},
        "clone": {"input": "你好，世界。", **clone},
        "cross-lingual": {"input": "Hello, world.", "reference": clip, "mode": "cross_lingual"},
        "instruction": {
            "input": "你好，世界。",
            "reference": clip,
            "instructions": "请用四川话表达。",
        },
        "conversion": {"input": "", "mode": "convert", "source": clip, "reference": clip},
        "pronunciation": {"input": "你好，[h][ào]客。", **clone},
    }


def said(cluster: Cluster, asked: list[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    """Bytes and digest of what each node answers, asked through the VIP until all three have.

    Every answer of one node must be the same.
    """
    file = cluster.folder / "asked.json"
    file.write_text(json.dumps(asked), encoding="utf-8")
    url = f"http://{cluster.lab.topology.lan.vip}:7860/v1/audio/speech"
    done = cluster.from_client(sys.executable, "-c", _ASK, url, str(file))
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, str]] = {}
    for node, size, digest in map(json.loads, done.stdout.splitlines()):
        assert found.setdefault(node, (size, digest)) == (size, digest), node
    return found


def spoken(cluster: Cluster, recording: Path, mode: str, *, stream: bool) -> tuple[int, str]:
    """What all three nodes say, byte for byte."""
    usual = {"model": "tts-1", "seed": 7, "stream": stream}
    form = "pcm" if stream else "wav"
    body = {**usual, "response_format": form, **bodies(recording)[mode]}
    found = said(cluster, [body] * 6)
    assert set(found) == NODES, found
    assert len(set(found.values())) == 1, found
    return found["rs1"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    "mode", ["preset", "clone", "cross-lingual", "instruction", "conversion", "pronunciation"]
)
def test_a_seed_gives_the_same_bytes_on_every_node(
    deployed: Cluster, recording: Path, mode: str, stream: bool
) -> None:
    size, digest = spoken(deployed, recording, mode, stream=stream)
    print(f"{mode}: {size} bytes, {digest}")
    # A quarter of a second, 16 bits at 24 kHz.
    assert size > 12_000


def test_modes_sound_differently(deployed: Cluster, recording: Path) -> None:
    made = {mode: spoken(deployed, recording, mode, stream=False) for mode in bodies(recording)}
    assert len(set(made.values())) == len(made), made


def test_status_says_which_engine_speaks(deployed: Cluster) -> None:
    told = deployed.json("status")
    assert told["faults"] == []
    engines = {name: one["engine"] for name, one in told["real_servers"].items()}
    assert set(engines) == NODES and all("cosyvoice3" in str(one) for one in engines.values())


def test_a_second_deploy_has_nothing_to_do(deployed: Cluster, hubs: tuple[Hub, Hub]) -> None:
    before = len(hubs[0].asked)
    done = deployed.run("deploy", "--yes", "--no-verify")
    assert done.returncode == 0 and "Nothing to change" in done.stdout
    assert len(hubs[0].asked) == before


def test_new_weights_come_by_an_upgrade_and_go_by_a_rollback(
    deployed: Cluster, hubs: tuple[Hub, Hub], recording: Path
) -> None:
    old = spoken(deployed, recording, "clone", stream=False)
    deployed.write(weights(huggingface=MODEL, revision="main", hub=hubs[1].address))
    assert deployed.run("artifacts", "fetch").returncode == 0
    done = deployed.run("rolling-upgrade", "--yes", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    new = spoken(deployed, recording, "clone", stream=False)
    assert new[1] != old[1]
    done = deployed.run("rollback", "--yes", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert spoken(deployed, recording, "clone", stream=False) == old


def test_every_mode_of_the_page(
    deployed: Cluster, hubs: tuple[Hub, Hub], recording: Path, artefacts: Path
) -> None:
    # These nodes share no folder, and with session routing any of them may take a recording.
    def alone(content: dict[str, Any]) -> None:
        content["app"]["session_routing"] = False

    deployed.write(first(hubs), service(scheduler="sh", persistence=None), alone)
    done = deployed.run("deploy", "--yes", "--no-verify", timeout=3500)
    assert done.returncode == 0, done.stdout + done.stderr
    with ExitStack() as ends:
        playwright = ends.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        ends.callback(browser.close)
        for mode in MODES:
            profile = browser.new_context(locale="zh-CN")
            profile.set_default_timeout(PATIENCE)
            tab = profile.new_page()
            tab.goto(deployed.lab.url)
            fill(tab, mode, recording, recording)
            tab.locator("#generate").click()
            try:
                print(f"{mode}: {heard(tab)} spoke")
            finally:
                tab.screenshot(path=artefacts / f"cosyvoice-{mode}.png", full_page=True)
            profile.close()
