"""Search: on the log host, which has the lines of dead hosts too, and on the hosts themselves."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.operations.logs.on_hosts import HostQuery, lines_of, search_script
from provisioning.operations.logs.search import Found, Query, search_logs
from provisioning.operations.logs.sources import LogSource, local_now
from provisioning.places import APP_LOG, LOG_FOLDER
from provisioning.transport.base import Completed, TransportError
from provisioning.transport.local import LocalTransport


def inventory(*, logs: bool) -> Inventory:
    found: dict[str, object] = {
        "vip": "10.77.0.100",
        "service_manager": "supervisor",
        "directors": {"hosts": {"lvs1": "10.77.0.11"}},
        "real_servers": {"hosts": {"rs1": "10.77.0.21", "rs2": "10.77.0.22"}},
    }
    return Inventory.model_validate(
        found | ({"logs": {"hosts": {"log1": "10.77.0.71"}}} if logs else {})
    )


class Hosts:
    """Each host's files are below a folder of its name."""

    def __init__(self, folder: Path, *dead: str) -> None:
        self.folder, self.dead = folder, dead

    def connect(self, name: str) -> LocalTransport:
        if name in self.dead:
            raise TransportError(f"{name} is dead")
        root = self.folder / name

        class Host(LocalTransport):
            def run(self, script: str | bytes, **more: Any) -> Completed:
                assert isinstance(script, str)
                there = script.replace(LOG_FOLDER, f"{root}/kept")
                return super().run(there.replace("/var/log/", f"{root}/var/log/"), **more)

        return Host()

    def write(self, name: str, *lines: str, file: str = APP_LOG) -> None:
        path = self.folder / name / file.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as to:
            to.write("".join(f"{line}\n" for line in lines))

    def keep(
        self,
        node: str,
        *lines: str,
        sent: datetime,
        received: datetime,
        service: str = "cosyvoice",
    ) -> None:
        path = self.folder / "log1" / "kept" / node / f"{received:%Y-%m-%dT%H}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as to:
            for number, line in enumerate(lines):
                record = {
                    "time": sent.isoformat(),
                    "received": received.isoformat(),
                    "node": node,
                    "from": "10.77.0.21",
                    "service": service,
                    "level": "notice",
                    "offset": str(number),
                    "line": line,
                }
                to.write(json.dumps(record, ensure_ascii=False).replace("/", "\\/") + "\n")

    def search(self, query: Query, *, logs: bool) -> Found:
        return search_logs(inventory(logs=logs), Fleet(self.connect, forks=4), query)


def said(moment: datetime, message: str, **more: str) -> str:
    record = {"time": moment.isoformat(), "level": "info", "message": message, **more}
    return json.dumps(record, ensure_ascii=False)


NOW = local_now()


def lines(found: Found) -> list[str]:
    return [json.loads(one["line"])["message"] for one in found.records]


@pytest.mark.parametrize("logs", [True, False])
def test_a_request_is_followed_over_hosts_in_order(logs: bool, tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, *(() if logs else ("lvs1",)))
    told = {
        "rs1": [
            said(NOW - timedelta(seconds=9), "received", request_id="r-1"),
            said(NOW - timedelta(seconds=3), "answered", request_id="r-1"),
        ],
        "rs2": [
            said(NOW - timedelta(seconds=6), "lent 借来的", request_id="r-1"),
            said(NOW - timedelta(seconds=5), "another's", request_id="r-11"),
        ],
    }
    for name, some in told.items():
        hosts.write(name, *some)
        # Delivered late, and in any order.
        hosts.keep(name, *reversed(some), sent=NOW, received=NOW)
    found = hosts.search(Query(request="r-1"), logs=logs)
    assert lines(found) == ["received", "lent 借来的", "answered"]
    assert [one["host"] for one in found.records] == ["rs1", "rs2", "rs1"]
    assert lines(hosts.search(Query(text="借来的"), logs=logs)) == ["lent 借来的"]
    assert lines(hosts.search(Query(text="e", lines=2), logs=logs)) == ["another's", "answered"]
    assert lines(hosts.search(Query(text="e", nodes=("rs2",)), logs=logs))[-1] == "another's"


def test_a_dead_host_is_asked_only_where_there_is_no_log_host(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, "rs1", "lvs1", "rs2")
    hosts.keep("rs1", said(NOW, "最后一句"), sent=NOW, received=NOW)
    hosts.keep("rs9", said(NOW, "最后 of one that left"), sent=NOW, received=NOW)
    found = hosts.search(Query(text="最后"), logs=True)
    assert lines(found) == ["最后一句", "最后 of one that left"] and not found.errors
    assert hosts.search(Query(text="最后"), logs=False).errors.keys() == {"rs1", "rs2", "lvs1"}
    only_there = hosts.search(Query(text="最后", nodes=("rs9",)), logs=False)
    assert "only a log host" in only_there.errors["rs9"]


def test_a_log_host_that_is_away_is_told_of_and_hosts_answer(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, "log1", "lvs1")
    for name in ("rs1", "rs2"):
        hosts.write(name, said(NOW, f"here {name}"))
        hosts.write(name, "", file="/var/log/cosyvoice-log-shipper.log")
    found = hosts.search(Query(text="here"), logs=True)
    assert lines(found) == ["here rs1", "here rs2"]
    assert found.errors.keys() == {"log1", "lvs1"}


def test_times_are_the_senders_and_the_receivers_is_kept(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)
    behind = NOW - timedelta(minutes=5)
    hosts.keep("rs1", said(behind, "its clock is behind"), sent=behind, received=NOW)
    hosts.keep("rs2", said(NOW - timedelta(minutes=1), "right"), sent=NOW, received=NOW)
    found = hosts.search(Query(text="message"), logs=True)
    assert lines(found) == ["its clock is behind", "right"]
    assert datetime.fromisoformat(found.records[0]["received"]) == NOW
    since = Query(text="message", since=NOW - timedelta(minutes=2))
    assert lines(hosts.search(since, logs=True)) == ["right"]


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(seconds=-7), timedelta()])
def test_clocks_that_differ_are_put_right_by_signs_of_life(
    ahead: timedelta, tmp_path: Path
) -> None:
    hosts = Hosts(tmp_path)

    def logged(name: str, seconds: int, message: str, off: timedelta) -> None:
        then = NOW + timedelta(seconds=seconds)
        line = said(then + off, message, request_id="r-1")
        hosts.keep(name, line, sent=then + off, received=then)

    for name, off in (("rs1", timedelta()), ("rs2", ahead)):
        for wait in (40, 0, 1):
            # The first has waited for the log host to come back.
            there = NOW - timedelta(seconds=wait)
            beat = {"sent": there + off, "received": NOW, "service": "heartbeat"}
            hosts.keep(name, "-- MARK --", **beat)  # type: ignore[arg-type]
    logged("rs1", -4, "received", timedelta())
    logged("rs2", -3, "lent", ahead)
    logged("rs2", -2, "made", ahead)
    logged("rs1", -1, "answered", timedelta())
    found = hosts.search(Query(request="r-1"), logs=True)
    assert lines(found) == ["received", "lent", "made", "answered"]
    times = [datetime.fromisoformat(one["time"]) - NOW for one in found.records]
    assert times == [timedelta(seconds=-n) for n in (4, 3, 2, 1)]
    since = Query(request="r-1", since=NOW - timedelta(minutes=1))
    assert len(hosts.search(since, logs=True).records) == 4


@pytest.mark.parametrize(
    ("to", "set_at"),
    [(timedelta(minutes=-10), 20), (timedelta(minutes=-10), 250), (timedelta(minutes=10), 250)],
)
def test_a_clock_that_is_set_is_right_before_and_after(
    to: timedelta, set_at: int, tmp_path: Path
) -> None:
    hosts = Hosts(tmp_path)
    # A file an hour.
    begin = NOW.replace(minute=0, second=0, microsecond=0)

    def sent(seconds: float, wait: float = 0.01, **more: str) -> dict[str, Any]:
        off = to if seconds >= set_at else timedelta()
        there = begin + timedelta(seconds=seconds)
        return {"sent": there + off, "received": there + timedelta(seconds=wait), **more}

    for beat in range(0, 600, 30):
        # One is held up on its way.
        wait = 4.0 if beat == 120 else 0.02
        hosts.keep("rs2", "-- MARK --", **sent(beat, wait, service="heartbeat"))
    moments = [5, 121, 200, 249, 251, 300, 590]
    for number, seconds in enumerate(moments):
        then = sent(seconds)
        hosts.keep("rs2", said(then["sent"], f"m{number}"), **then)
    found = hosts.search(Query(text="message"), logs=True)
    assert lines(found) == [f"m{number}" for number in range(len(moments))]
    for one, seconds in zip(found.records, moments, strict=True):
        off = datetime.fromisoformat(one["time"]) - begin - timedelta(seconds=seconds)
        assert abs(off) < timedelta(seconds=0.1), one


def test_signs_of_life_that_are_a_little_late_swap_no_lines(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)
    begin = NOW.replace(minute=0, second=0, microsecond=0)
    for number in range(20):
        there = begin + timedelta(seconds=30 * number)
        late = timedelta(milliseconds=80 if number % 3 == 1 else 0)
        beat: dict[str, Any] = {"sent": there - timedelta(seconds=5), "received": there + late}
        hosts.keep("rs2", "-- MARK --", **beat, service="heartbeat")
        for step in range(3):
            at = there + late + timedelta(milliseconds=10 * step - 10)
            off = at - timedelta(seconds=5)
            hosts.keep("rs2", said(off, f"m{3 * number + step:02}"), sent=off, received=at)
    found = hosts.search(Query(text="message"), logs=True)
    assert lines(found) == sorted(lines(found)) and len(found.records) == 60


def test_lines_that_wait_while_the_log_host_is_away_keep_their_times(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)
    begin = NOW.replace(minute=10, second=0, microsecond=0)
    ahead = timedelta(seconds=90)
    for beat in range(0, 900, 30):
        there = begin + timedelta(seconds=beat)
        # It was away from the first minute to the tenth.
        heard = begin + timedelta(seconds=600) if 60 < beat < 600 else there
        beats: dict[str, Any] = {"sent": there + ahead, "received": heard, "service": "heartbeat"}
        hosts.keep("rs2", "-- MARK --", **beats)
    for seconds in (70, 300, 599):
        there = begin + timedelta(seconds=seconds)
        line = said(there + ahead, f"m{seconds}")
        hosts.keep("rs2", line, sent=there + ahead, received=begin + timedelta(seconds=600))
    found = hosts.search(Query(text="message"), logs=True)
    times = [datetime.fromisoformat(one["time"]) - begin for one in found.records]
    assert times == [timedelta(seconds=n) for n in (70, 300, 599)]


def test_a_line_that_was_sent_twice_is_found_once_and_half_a_line_harms_none(
    tmp_path: Path,
) -> None:
    hosts = Hosts(tmp_path)
    for _ in range(2):
        hosts.keep("rs1", said(NOW, "m"), said(NOW, "m"), sent=NOW, received=NOW)
    [kept] = tmp_path.glob("log1/kept/rs1/*")
    with kept.open("a", encoding="utf-8") as to:
        to.write('{"time": "2026-01-3')
    assert lines(hosts.search(Query(text="m"), logs=True)) == ["m", "m"]
    # Power is back, and the file goes on where it was.
    hosts.keep("rs1", said(NOW, "next"), sent=NOW, received=NOW)
    with kept.open("a", encoding="utf-8") as to:
        to.write("\0" * 100)
    hosts.keep("rs1", said(NOW, "after zeros"), sent=NOW, received=NOW)
    found = lines(hosts.search(Query(text="message"), logs=True))
    assert sorted(found) == ["after zeros", "m", "m", "next"]


def test_text_is_a_fixed_string_wherever_it_goes(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, "lvs1")
    odd = "a.*[b] $(touch x) 'q' \"w\" \\ /"
    hosts.keep("rs1", odd, "aXX[b]", sent=NOW, received=NOW)
    hosts.write("rs1", odd, "aXX[b]")
    for logs in (True, False):
        hosts.write("rs2", "nothing")
        found = hosts.search(Query(text=odd), logs=logs)
        assert [one["line"] for one in found.records] == [odd], logs
    assert not (tmp_path / "x").exists()


def test_the_journals_answer_is_read() -> None:
    source = LogSource("lvs1", "keepalived", None)
    asked = HostQuery("MASTER", "", "warning", 60)
    assert "journalctl" in search_script(source, asked) and "--since=" in search_script(
        source, asked
    )
    at = str(int(NOW.timestamp() * 1e6))
    entries = [
        {"__REALTIME_TIMESTAMP": at, "PRIORITY": "4", "MESSAGE": "Entering MASTER STATE"},
        {"__REALTIME_TIMESTAMP": at, "PRIORITY": "6", "MESSAGE": "info of MASTER"},
        {
            "__REALTIME_TIMESTAMP": at,
            "PRIORITY": "3",
            "MESSAGE": [*"MASTER \xff".encode("latin-1")],
        },
    ]
    output = "\n".join([NOW.isoformat(timespec="seconds"), *map(json.dumps, entries), ""])
    found = list(lines_of(source, asked, output))
    assert [one["level"] for one in found] == ["warning", "error"]
    assert found[1]["line"] == "MASTER \ufffd"


def test_nothing_is_found_where_nothing_was_ever_kept(tmp_path: Path) -> None:
    (tmp_path / "log1" / "kept").mkdir(parents=True)
    assert Hosts(tmp_path).search(Query(text="x"), logs=True) == Found([], {})
