"""The rendered configurations of rsyslog on the one that is installed here: a log host and a real
server that sends to it, below a folder."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from provisioning.facts.probes.log_search import Wanted, search
from provisioning.model.tls.authority import Authority, issue_peer, new_authority
from provisioning.places import (
    APP_LOG,
    LOG_FOLDER,
    LOG_GATE,
    LOG_SHIPPER_AGAIN,
    LOG_SHIPPER_CONF,
    LOG_SHIPPER_REWIND,
    LOG_SHIPPER_STATE,
    LOG_STORE_CONF,
    LOG_TLS,
)
from tests.ports import free_port
from tests.processes import wait_until
from tests.roles.rendered import files

_given = cache(files)
_MARK = "-----BEGIN CERTIFICATE-----"


class LogSite:
    """``log1`` keeps what ``rs2`` sends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.kept, self.log = folder / "kept", folder / "app.log"
        self.authority = new_authority("cosyvoice", datetime.now(UTC))
        for name in ("kept", "state"):
            (folder / name).mkdir()
        self.log.touch()
        given = _given("logs")
        self.store = self._written("log1", given[f"log1{LOG_STORE_CONF}"].content)
        self.shipper = self._written("rs2", given[f"rs2{LOG_SHIPPER_CONF}"].content)
        (folder / "gate").write_text(given[f"log1{LOG_GATE}"].content)
        again = given[f"rs2{LOG_SHIPPER_AGAIN}"].content.replace("sleep 10", "sleep 0.2")
        (folder / "again").write_text(again)
        (folder / "again").chmod(0o755)
        rewind = given[f"rs2{LOG_SHIPPER_REWIND}"].content
        (folder / "rewind").write_text(rewind.replace(LOG_SHIPPER_STATE, f"{folder}/state"))
        self.certify("log1")
        self.certify("rs2")

    def _written(self, host: str, content: str) -> Path:
        for ours, this in {
            LOG_FOLDER: self.kept,
            LOG_TLS: self.folder / host,
            LOG_GATE: self.folder / "gate",
            LOG_SHIPPER_AGAIN: self.folder / "again",
            LOG_SHIPPER_STATE: self.folder / "state",
            APP_LOG: self.log,
            'address="192.168.1.30"': 'address="127.0.0.1"',
            'target="192.168.1.30"': 'target="127.0.0.1"',
            'port="2514"': f'port="{self.port}"',
            # What happens on this computer is none of the tests'.
            'module(load="imkmsg")': "",
            # Whoever runs the tests may not give files away.
            'fileOwner="root"': "",
            'fileGroup="root"': "",
            'dirOwner="root"': "",
            'dirGroup="root"': "",
            'interval="30" ruleset="heartbeat"': 'interval="1" ruleset="heartbeat"',
        }.items():
            content = content.replace(ours, str(this))
        path = self.folder / f"{host}.conf"
        path.write_text(content)
        return path

    def certify(self, host: str, by: Authority | None = None, name: str = "") -> None:
        """Give a host its files; ``by`` and ``name`` are somebody else's, where they are given."""
        folder = self.folder / host
        folder.mkdir(exist_ok=True)
        one = issue_peer(
            by or self.authority, name or f"{host}.logs.cosyvoice", datetime.now(UTC)
        ).pem()
        key, mark, certificate = one.partition(_MARK)
        (folder / "key.pem").write_text(key)
        (folder / "certificate.pem").write_text(mark + certificate)
        (folder / "trusted.pem").write_text(self.authority.public_pem())

    def started(self, conf: Path) -> subprocess.Popen[bytes]:
        """An rsyslogd with this configuration, as the service managers start it."""
        output = conf.with_suffix(".out").open("ab")
        with output:
            return subprocess.Popen(
                self.command(conf),
                env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
                stdout=output,
                stderr=output,
            )

    def command(self, conf: Path) -> list[str]:
        command = ["/usr/sbin/rsyslogd", "-n", "-i", "NONE", "-f", str(conf)]
        return ["sh", str(self.folder / "rewind"), *command] if conf == self.shipper else command

    def write(self, *lines: str) -> None:
        """The app logs."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def found(self, **wanted: Any) -> list[dict[str, object]]:
        """What a search finds."""
        return search(self.kept, Wanted(**wanted), [], 100_000)

    def wait_for(self, count: int, **wanted: Any) -> list[dict[str, object]]:
        """What a search finds once it is so much."""
        wait_until(lambda: len(self.found(**wanted)) >= count, 60)
        return self.found(**wanted)


@contextlib.contextmanager
def running(site: LogSite, *confs: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """They run, and end with the block."""
    processes = [site.started(conf) for conf in confs]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait(30)


def line(number: int, message: str, **more: object) -> str:
    """One of the app's."""
    moment = datetime(2026, 1, 31, 8, tzinfo=UTC).replace(microsecond=number * 1000 % 1_000_000)
    record = {"time": moment.isoformat(timespec="milliseconds"), "level": "info"}
    return json.dumps({**record, "message": message, **more}, ensure_ascii=False)
