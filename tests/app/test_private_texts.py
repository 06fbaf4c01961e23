"""What people had spoken is in no line of the log, whichever way it goes, unless that is wished."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client

from app.logs import JsonLines
from app.private_texts import TEXTS, keep_private, without
from tests.app.node_process import NodeProcess, running
from tests.app.web.test_page_jobs import Page

SECRET = '王小明的账号是六二二八,\\n{"time": "2026"}\u2028\x1b[2J ring +44 20 7946 0958 "now"'
"""Personal, and with what would begin a line of its own or move a terminal."""
SPOKEN = SECRET.replace("\x1b", "").replace("\u2028", " ")


@pytest.fixture(autouse=True)
def no_texts() -> Iterator[None]:
    token = TEXTS.set(())
    yield
    TEXTS.reset(token)


def line(message: str, *words: object, texts: bool = False, **more: Any) -> dict[str, Any]:
    record = logging.makeLogRecord(
        {"name": "app.api", "levelname": "INFO", "msg": message, "args": words, **more}
    )
    text = JsonLines("rs1", texts=texts, key=b"k").format(record)
    assert len(text.splitlines()) == 1
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_text_is_told_by_length_and_hash_unless_it_is_wished() -> None:
    told = line("asked for", text="你好")
    assert told["characters"] == 2 and len(told["text_hash"]) == 16 and "text" not in told
    assert told["text_hash"] == line("asked for", text="你好")["text_hash"]
    assert told["text_hash"] != line("asked for", text="你好！")["text_hash"]
    assert line("asked for", text="你好", texts=True)["text"] == "你好"


@pytest.mark.parametrize(
    "said",
    [SECRET, repr(SECRET), json.dumps(SECRET), str(SECRET.encode()), SECRET[3:20], "9 07946"],
)
def test_what_is_said_of_it_in_any_form_is_taken_out(said: str) -> None:
    keep_private(SECRET)
    shown = without(f"no sound for <{said}>", TEXTS.get())
    assert shown.startswith("no sound for <") and shown.endswith(">")
    if said != "9 07946":
        assert "王小明" not in shown and "7946" not in shown and "\\u738b" not in shown
        assert len(shown) < 60


def test_what_the_program_says_itself_and_who_asked_stay() -> None:
    keep_private("worker died under a job from 192.0.2.7 at 2026-01-31T08:00")
    told = line("worker died under a job: %s", "pid 7 of 9", client="192.0.2.7")
    assert told["message"] == "worker died under a job: pid 7 of 9"
    assert told["client"] == "192.0.2.7"
    assert line("%d of %s", 3, None)["message"] == "3 of None"
    by_name = logging.makeLogRecord({"name": "app.x", "msg": "%(a)s", "args": {"a": "from 192"}})
    assert json.loads(JsonLines("rs1").format(by_name))["message"] == "(text)"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("private")
    with running(folder, "--engine", "faulty", "--enable-queue", "--log-level", "debug") as one:
        one.wait_ready()
        yield one


def test_no_way_through_a_node_leads_a_text_into_its_log(node: NodeProcess) -> None:
    assert node.speak(input=SPOKEN, instructions=SPOKEN).status_code in (200, 400)
    assert node.speak(input=SPOKEN).status_code == 200
    assert node.speak(input=f"quote {SPOKEN}").status_code == 500
    for wrong in ({"speed": SPOKEN}, {"voice": SPOKEN}, {"input": SECRET}, {"model": SPOKEN}):
        assert node.speak(**({"input": SPOKEN} | wrong)).status_code in (400, 404, 422)
    assert node.get(f"/v1/audio/speech?input={SPOKEN}").status_code == 405
    page = Client(node.url, verbose=False, download_files=False)
    page.predict(SPOKEN, api_name="/synthesize")
    for text in (f"quote {SPOKEN}", SECRET):
        with pytest.raises(Exception, match=r"log id|日志编号|control|引擎"):
            page.predict(text, api_name="/synthesize")
    page.close()
    form = Page(node)
    for text in (SPOKEN, f"quote {SPOKEN}", SECRET):
        before = len(node.lines)
        values = ["preset", text, "", "", None, "", None, "", 1, 1, True, False, "wav"]
        assert form.ask("queue/join", "make", values).status_code == 200
        node.wait_until(lambda since=before: any(map(_ended, node.lines[since:])))
    node.wait_until(lambda: sum(one.get("message") == "spoken" for one in node.lines) >= 1)
    log = "".join(node.raw)
    told = [one for one in node.lines if "text_hash" in one]
    assert len({one["text_hash"] for one in told if one["characters"] == len(SPOKEN)}) == 1
    assert any("(text)" in one.get("exception", "") for one in node.lines), "of the engine"
    assert any(
        "(text)" in one["message"] and one["logger"] == "model.frontend" for one in node.lines
    )
    for piece in ("王小明", "\\u738b", "7946", "\\xe7\\x8e", "六二二八"):
        assert piece not in log, next(one for one in node.raw if piece in one)
    assert all(raw.startswith("{") for raw in node.raw), "each line is one of ours"


def _ended(line: dict[str, Any]) -> bool:
    message = str(line["message"])
    return line["logger"] == "app.page" and message.startswith(("spoken", "refused", "unexpected"))


def test_a_worker_is_told_what_is_wished() -> None:
    from app.workers.worker import WorkerCommand

    assert "--log-texts" in WorkerCommand("e", "n", "info", log_texts=True).arguments(3, 4)
    assert "--log-texts" not in WorkerCommand("e", "n", "info").arguments(3, 4)
    assert sys.executable in WorkerCommand("e", "n", "info").arguments(3, 4)
