"""Central logs on the real rsyslogd: lines arrive over TLS with both sides known, none is lost
while the log host is away, and what is not the cluster's is refused."""

import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioning.model.tls.authority import new_authority
from provisioning.places import LOG_SHIPPER_CONF, LOG_STORE_CONF
from tests.processes import wait_until
from tests.roles.log_site import LogSite, line, running
from tests.roles.rendered import files


@pytest.fixture
def site(tmp_path: Path) -> LogSite:
    return LogSite(tmp_path)


def test_rsyslogd_accepts_each_configuration(site: LogSite) -> None:
    for conf in (site.store, site.shipper):
        done = subprocess.run(
            ["/usr/sbin/rsyslogd", "-N1", "-f", str(conf)], capture_output=True, text=True
        )
        assert done.returncode == 0 and "error" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("maxMessageSize", "maxMesageSize"), ('ruleset="keep"', 'rulset="keep"'), ("stop", "stopp")],
)
def test_the_check_itself_notices_mistakes(right: str, wrong: str, site: LogSite) -> None:
    site.store.write_text(site.store.read_text().replace(right, wrong, 1))
    check = files("logs")[f"log1{LOG_STORE_CONF}"].validate
    assert check is not None
    done = subprocess.run(
        ["sh", "-c", check], env={"CANDIDATE": str(site.store), "PATH": "/usr/sbin:/usr/bin:/bin"}
    )
    assert done.returncode != 0


def test_lines_arrive_and_are_found_by_id_and_by_chinese_text(site: LogSite) -> None:
    with running(site, site.store, site.shipper):
        site.write(
            line(2, '说“你好”/ "done"\t', request_id="r-2"),
            line(1, "说话", request_id="r-1"),
            line(3, "r-1 in the words of another", request_id="r-10"),
            "2026/01/31 08:00:00 [error] 7#7: upstream timed out, request_id=r-1",
        )
        site.wait_for(4)
    assert [one["line"] for one in site.found(text="你好”/")] == [
        line(2, '说“你好”/ "done"\t', request_id="r-2")
    ]
    by_id = site.found(request="r-1")
    assert len(by_id) == 3, "its own, one that names it, and one that is no JSON; not r-10's"
    assert {one["host"] for one in by_id} == {"rs2"}
    assert [one["time"] for one in site.found()] == sorted(str(o["time"]) for o in site.found())
    [trouble] = site.found(level="error")
    assert str(trouble["line"]).endswith("request_id=r-1") and trouble in by_id
    assert all(one["received"] for one in by_id)


def test_nothing_is_lost_while_the_log_host_is_away(site: LogSite) -> None:
    number = 0
    with running(site, site.shipper):
        for turn in range(3):
            with running(site, site.store):
                site.write(*(line(number + n, f"有人 {number + n}") for n in range(300)))
                site.wait_for(number + 1 + 100 * turn)
            # Ended by SIGKILL in the middle; these find it dead.
            number += 300
            site.write(*(line(number + n, f"无人 {number + n}") for n in range(20)))
            number += 20
        with running(site, site.store):
            found = site.wait_for(number)
    assert len(found) == number, "one that was sent twice is found once"
    texts = [str(one["line"]) for one in found]
    assert all(any(f'人 {n}"' in text for text in texts) for n in range(number))


def test_a_shipper_keeps_its_lines_over_a_restart(site: LogSite) -> None:
    with running(site, site.shipper) as (shipper,):
        site.write(*(line(n, f"m{n}") for n in range(200)))
        wait_until(lambda: list((site.folder / "state").glob("imfile-state*")))
        shipper.terminate()
        shipper.wait(60)
    site.write(line(200, "m200"))
    with running(site, site.store, site.shipper):
        assert len(site.wait_for(201)) == 201


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM"])
def test_a_shipper_that_is_ended_while_nobody_listens_loses_nothing(
    end: str, site: LogSite
) -> None:
    number = 0
    for _ in range(2):
        with running(site, site.shipper) as (shipper,):
            with running(site, site.store):
                site.write(*(line(number + n, f"有人 {number + n}") for n in range(300)))
                site.wait_for(number + 300)
            number += 300
            site.write(*(line(number + n, f"无人 {number + n}") for n in range(50)))
            number += 50
            # Read, and nowhere else than in the shipper.
            wait_until(lambda: list((site.folder / "state").glob("imfile-state*")))
            shipper.send_signal(signal.Signals[end])
            shipper.wait(60)
    with running(site, site.shipper, site.store):
        found = site.wait_for(number)
    assert len(found) == number, "what was read again is found once"


@pytest.mark.parametrize("who", ["nobody", "other authority", "other name"])
def test_a_client_that_is_not_the_clusters_is_refused(who: str, site: LogSite) -> None:
    if who == "other authority":
        site.certify("rs2", by=new_authority("cosyvoice", datetime.now(UTC)))
    elif who == "other name":
        site.certify("rs2", name="rs7.logs.cosyvoice")
    else:
        text = site.shipper.read_text()
        for kind in ("myCert", "myPrivKey"):
            text = "\n".join(one for one in text.splitlines() if kind not in one)
        site.shipper.write_text(text + "\n")
    with running(site, site.store, site.shipper):
        site.write(line(1, "不该来"))
        output = site.store.with_suffix(".out")
        wait_until(lambda: "imrelp" in output.read_text(), 60)
    assert site.found() == []
    assert not list(site.kept.glob("*/*"))


def test_a_log_host_that_is_not_the_clusters_gets_nothing_and_is_asked_again(
    site: LogSite,
) -> None:
    site.certify("log1", by=new_authority("cosyvoice", datetime.now(UTC)))
    with running(site, site.shipper) as (shipper,):
        with running(site, site.store):
            site.write(*(line(n, f"m{n}") for n in range(50)))
            # It ends, as RELP has given up, and its service manager starts it anew.
            shipper.wait(60)
        assert site.found() == []
        site.certify("log1")
        with running(site, site.store, site.shipper):
            assert len(site.wait_for(50)) == 50, "those that waited came"


def test_a_name_does_not_lead_out_of_the_folder(site: LogSite) -> None:
    site.shipper.write_text(site.shipper.read_text().replace('value=" rs2 "', 'value=" ../x "'))
    with running(site, site.store, site.shipper):
        site.write(line(1, "m"))
        site.wait_for(1)
    assert not (site.folder / "x").exists()
    assert all(path.parent.parent == site.kept for path in site.kept.glob("*/*"))


def test_what_is_in_a_line_forges_no_other(site: LogSite) -> None:
    with running(site, site.store, site.shipper):
        site.write('a\x1b[31m\x07\r{"time":"2026-01-31T08:00:00+00:00"}\\n', "二\u2028三")
        found = site.wait_for(2)
    assert len(found) == 2
    [kept] = site.kept.glob("*/*.jsonl")
    assert not set(kept.read_bytes()) & {0x1B, 0x07, 0x0D}


def test_a_director_sends_its_journal_and_a_node_its_file() -> None:
    given = files("logs")
    director = given[f"lvs1{LOG_SHIPPER_CONF}"].content
    assert 'load="imjournal"' in director and 'load="imfile"' not in director
    assert '$!_SYSTEMD_UNIT == "keepalived.service"' in director
    node = given[f"rs2{LOG_SHIPPER_CONF}"].content
    assert 'load="imfile"' in node and 'load="imjournal"' not in node


def test_without_a_log_host_nothing_is_installed() -> None:
    assert not [place for name in ("edge", "tls") for place in files(name) if "log-s" in place]


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own needs root")
def test_a_full_disk_has_senders_wait_and_loses_nothing(site: LogSite) -> None:
    gate, waits = site.folder / "gate", site.folder / "waits"
    noted = f"time.sleep(0.1); open({str(waits)!r}, 'w')"
    gate.write_text(gate.read_text().replace("time.sleep(0.1)", noted))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", site.kept], check=True)
    try:
        with running(site, site.store, site.shipper):
            site.write(*(line(n, f"m{n}") for n in range(50)))
            site.wait_for(50)
            ballast = site.kept / "ballast"
            ballast.write_bytes(b"x" * (os.statvfs(site.kept).f_bavail * 4096 - 8192))
            site.write(*(line(n, f"m{n}") for n in range(50, 450)))
            wait_until(waits.exists)
            assert len(site.found()) < 450
            ballast.unlink()
            assert len(site.wait_for(450)) == 450
    finally:
        subprocess.run(["umount", "--lazy", site.kept], check=True)
