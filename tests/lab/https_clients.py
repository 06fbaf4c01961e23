"""Gradio's and OpenAI's own clients over HTTPS, run in the client's network: prints, as JSON, how
many jobs each node spoke."""

import json
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from gradio_client import Client
from openai import OpenAI

IN_TURN, AT_ONCE = 12, 30
_PATIENT = {"timeout": 120}


def speak(url: str, text: str, folder: str) -> str:
    """One session; the node that spoke."""
    client = Client(url, verbose=False, download_files=folder, httpx_kwargs=_PATIENT)
    path, told = client.predict(text, "cmn", 1.0, 42, api_name="/synthesize")
    assert Path(path).read_bytes()[:4] == b"RIFF"
    return str(told["node"])


def strangers(url: str) -> None:
    """Calls without a session, each request on a connection of its own, so at any node."""
    with httpx.Client(base_url=url, timeout=60, headers={"Connection": "close"}) as fresh:
        page = fresh.get("/config").json()
        assert page["root"].startswith("https://"), page["root"]
        for number in range(6):
            given = {"data": [f"raw {number}", "cmn", 1.0, 42]}
            event = fresh.post("/gradio_api/call/synthesize", json=given).json()["event_id"]
            answer = fresh.get(f"/gradio_api/call/synthesize/{event}").text
            assert "event: complete" in answer, answer


def main(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        in_turn = Counter(speak(url, f"第{number}句", folder) for number in range(IN_TURN))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            texts = [f"第{number}位" for number in range(AT_ONCE)]
            at_once = Counter(pool.map(lambda text: speak(url, text, folder), texts))
        strangers(url)
        openai = OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0)
        sound = openai.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")
        assert len(sound.content) > 1000
    print(json.dumps({"in_turn": in_turn, "at_once": at_once}))


if __name__ == "__main__":
    os.environ["SSL_CERT_FILE"] = sys.argv[2]
    main(sys.argv[1])
