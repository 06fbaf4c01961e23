"""The page's named endpoint, as Gradio's own Python client uses it."""

import concurrent.futures
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.app.files_below import files_below
from tests.app.held import Held
from tests.app.node_process import NodeProcess
from tests.app.patient_client import patient_client


@pytest.fixture(scope="module")
def client(node: NodeProcess, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return patient_client(node.url, download_files=tmp_path_factory.mktemp("downloads"))


def test_the_page_speaks_and_keeps(node: NodeProcess, client: Client) -> None:
    text = "你好，集群。"
    path, told = client.predict(text, "cmn", 1.0, 42, api_name="/synthesize")
    with wave.open(path) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    assert np.sqrt((samples**2).mean()) > 1000
    assert (told["node"], told["seed"]) == ("rs1", 42)
    kept = node.outputs / Path(path).name
    assert kept.read_bytes() == Path(path).read_bytes()
    record = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))
    assert (record["text"], record["seed"], record["node"]) == (text, 42, "rs1")
    assert record["duration"] == pytest.approx(len(samples) / 22050, abs=0.001)
    # Gradio made no second copy on the shared disk.
    assert [p for p in files_below(node.outputs / ".gradio") if p.suffix == ".wav"] == []


def test_the_request_id_reaches_the_sidecar_and_the_log(node: NodeProcess, client: Client) -> None:
    path, _ = client.predict("编号", "cmn", 1.0, 1, api_name="/synthesize")
    record = json.loads((node.outputs / Path(path).name).with_suffix(".json").read_text())
    node.wait_until(
        lambda: any(
            line.get("message") == "spoken" and line.get("request_id") == record["request_id"]
            for line in node.lines
        )
    )


def test_many_at_once_are_all_served(node: NodeProcess, client: Client) -> None:
    def one(seed: int) -> str:
        path, _ = client.predict("排队的人很多", "cmn", 1.0, seed, api_name="/synthesize")
        return str(path)

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(one, range(1, 9)))
    assert len(set(paths)) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("", "cmn", 1.0, 1), "请输入要朗读的文字\nthere is no text to speak"),
        (("😀", "cmn", 1.0, 1), "没有可以朗读的内容"),
        (("你好", "en-us", 1.0, 1), "不能朗读汉字"),
        (("你好", "cmn", 9.0, 1), "语速 9 不在 0.5 到 2 之间"),
        (("你好", "cmn", 1.0, 0), "随机种子 0 不在 1 到 100000000 之间"),
        (("你好", "nobody", 1.0, 1), "没有声音“nobody”"),
    ],
)
def test_wrong_input_is_told(client: Client, arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(AppError) as caught:
        client.predict(*arguments, api_name="/synthesize")
    assert said in str(caught.value)


def test_without_the_queue_the_page_says_busy(faulty_node: NodeProcess, tmp_path: Path) -> None:
    client = patient_client(faulty_node.url, download_files=tmp_path)
    path, _ = client.predict("hello", "tone", 1.0, 1, api_name="/synthesize")
    assert Path(path).stat().st_size > 44
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        with Held(tmp_path) as held:
            slow = threads.submit(faulty_node.speak, input=held.text, timeout=60)
            faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 1)
            with pytest.raises(AppError, match="1 个工作进程都在忙"):
                client.predict("hello", "tone", 1.0, 1, api_name="/synthesize")
        assert slow.result().status_code == 200
    for kept in faulty_node.outputs.glob("*Z-rs2-*"):
        kept.unlink()
