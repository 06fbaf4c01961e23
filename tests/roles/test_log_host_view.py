"""What ``cluster status`` says of a log host."""

import json
import socket
from dataclasses import replace
from pathlib import Path

from provisioning.facts.log_store import LogStore, SentOn, log_store
from provisioning.facts.probes.log_store import look
from provisioning.model.loader.load import load_inventory
from provisioning.resources.base import Observation
from provisioning.roles.host_status import HostStatus
from provisioning.roles.logs.view import log_host_view
from tests.ports import refusing_port
from tests.roles.rendered import HERE

GIB = 1 << 30


def status(store: LogStore) -> HostStatus:
    view = log_host_view(load_inventory(HERE / "inventories" / "logs.yaml"), "log1")
    interfaces, fact = view.facts
    return view.combine({interfaces: None, fact: store})  # type: ignore[arg-type]


HEARD = dict.fromkeys(("lvs1", "rs1", "rs2", "nas1", "log1"), 3.0)
WELL = LogStore("", GIB, 50 * GIB, 100 * GIB, "2026-01-31T08", HEARD)


def test_one_that_is_well_has_no_fault() -> None:
    assert status(WELL).faults == ()
    assert status(WELL).cells["hosts heard"].text == "5 of 5"


def test_silence_a_full_disk_and_a_closed_port_are_faults() -> None:
    silent = status(LogStore("", GIB, GIB, 100 * GIB, "", {**HEARD, "rs2": 301.0}))
    assert [text for text, _ in silent.faults] == [
        "has heard nothing for five minutes from rs2",
        "its disk is almost full",
    ]
    down = status(LogStore("Connection refused", GIB, 50 * GIB, 100 * GIB, "", {}))
    assert [text for text, _ in down.faults] == ["it does not take logs: Connection refused"]


def test_an_output_that_takes_nothing_is_one_after_a_while() -> None:
    def told(since: float, problem: str = "HTTP 401") -> list[str]:
        outputs = {"loki-a": SentOn(problem, since, 3), "left": SentOn("HTTP 500", 999.0, 0)}
        return [text for text, _ in status(replace(WELL, outputs=outputs)).faults]

    assert told(119.0) == told(600.0, "") == []
    assert told(600.0) == ["its output loki-a has taken no lines for 10 minutes: HTTP 401"]


def test_a_look_at_a_folder_and_a_port(tmp_path: Path) -> None:
    (tmp_path / "rs1").mkdir()
    outputs = tmp_path / ".outputs"
    outputs.mkdir()
    (outputs / "loki.json").write_text('{"problem": "HTTP 503", "since": 1.0, "refused": 2}')
    (outputs / "new.json").write_text('{"first": "2026-01-31T08", "at": {}}')
    (tmp_path / "rs1" / "2026-01-31T08.jsonl").write_text("x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = look(str(tmp_path), str(outputs), "127.0.0.1", server.getsockname()[1])
    assert (said["problem"], said["bytes"], said["oldest"]) == ("", 1, "2026-01-31T08")
    with refusing_port() as port:
        assert (
            look(str(tmp_path), str(outputs), "127.0.0.1", port)["problem"] == "Connection refused"
        )
    fact = log_store("127.0.0.1", 1)
    assert fact.parse(Observation(json.dumps(said), "", 0)).heard.keys() == {"rs1"}
    [(name, sent)] = fact.parse(Observation(json.dumps(said), "", 0)).outputs.items()
    assert (name, sent.problem, sent.refused) == ("loki", "HTTP 503", 2) and sent.since > 1e9
    assert "python3" in fact.parse(Observation("", "sh: python3: not found", 127)).problem
