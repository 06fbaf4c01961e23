"""The pager of a test: an HTTP server at the client's place, which writes down what it is sent."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.cluster import Cluster
from tests.lab.test_directors_heal import wait_for

PORT = 8055
_SERVER = """
import http.server, sys
class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1], "ab") as told:
            told.write(body.strip() + b"\\n")
        self.send_response(200)
        self.end_headers()
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("", int(sys.argv[2])), Sink).serve_forever()
"""


class AlertSink:
    """Notifications that have come, in Alertmanager's JSON."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert of every notification, in order."""
        lines = self._told.read_text().splitlines() if self._told.exists() else []
        return [alert for line in lines if line for alert in json.loads(line)["alerts"]]

    def firing(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The alerts that were told and not yet taken back, by name and node."""
        last = {self._key(alert): alert for alert in self.alerts()}
        return {key: alert for key, alert in last.items() if alert["status"] == "firing"}

    def names(self) -> set[str]:
        """Names of all that have been told."""
        return {alert["labels"]["alertname"] for alert in self.alerts()}

    def forget(self) -> None:
        """Begin anew."""
        self._told.unlink(missing_ok=True)

    @staticmethod
    def _key(alert: dict[str, Any]) -> tuple[str, str]:
        labels = alert["labels"]
        return labels["alertname"], labels.get("node") or labels.get("service", "")


@contextmanager
def alert_sink(cluster: Cluster, folder: Path) -> Iterator[AlertSink]:
    """A sink at the first client's address, port ``PORT``."""
    told = folder / "told"
    argv = cluster.lab.client_command(["python3", "-c", _SERVER, str(told), str(PORT)])
    url = f"http://127.0.0.1:{PORT}/"
    with subprocess.Popen(argv) as server:
        try:
            wait_for(
                "the sink answers",
                lambda: cluster.from_client("curl", "-fsS", "-m", "5", url).returncode == 0,
                30,
            )
            yield AlertSink(told)
        finally:
            cluster.from_client("pkill", "-f", str(told))
            server.terminate()
