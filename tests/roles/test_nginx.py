"""The rendered configuration on the Nginx that is installed here, in front of a stand-in app."""

import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.certificates import NAME
from tests.ports import free_port, refusing_port
from tests.processes import wait_until
from tests.roles.nginx_site import App, Site, serves, started

_UPLOAD = 100 << 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    app = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with started(Site(tmp_path_factory.mktemp("nginx"), app.server_address[1])) as found:
        yield found
    app.shutdown()
    app.server_close()


def test_a_request_arrives_as_it_was_sent_with_who_sent_it(site: Site) -> None:
    forged = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Host": "evil", "Forwarded": "for=6.6.6.6"}
    answer = site.get("/any%20path?x=1", **forged, X_Request_ID="r-1")
    assert answer.getheader("Strict-Transport-Security") == "max-age=300"
    lines = answer.read().decode().splitlines()
    assert lines[0] == "GET /any%20path?x=1"
    assert f"host: {NAME}:{site.port}" in lines and "x-request-id: r-1" in lines
    told = {line for line in lines if "forwarded" in line}
    assert told == {"x-forwarded-for: 127.0.0.1", "x-forwarded-proto: https"}


def test_metrics_and_state_are_not_for_everybody(site: Site) -> None:
    metrics = ("/metrics", "//metrics", "/%6detrics", "/metrics?x", "/./metrics")
    for path in (*metrics, "/cluster/status", "/cluster//status", "/cluster/%73tatus?x"):
        answer = site.get(path)
        assert (answer.status, b"not_here" in answer.read()) == (403, True), path
    assert site.get("/metricsbeside").status == 200


def test_events_come_while_they_are_made(site: Site) -> None:
    App.go_on.clear()
    answer = site.get("/events")
    assert answer.readline() == b"data: first\n"
    App.go_on.set()
    assert answer.read().endswith(b"data: last\n\n")


def test_a_hundred_megabytes_are_passed_on_while_they_come(site: Site) -> None:
    App.go_on.clear()
    connection = site.connection()
    connection.putrequest("POST", "/upload")
    connection.putheader("Content-Length", str(_UPLOAD))
    connection.endheaders()
    connection.send(bytes(2 << 20))
    assert App.go_on.wait(30), "nothing arrives before the whole is here"
    for _ in range(49):
        connection.send(bytes(2 << 20))
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, str(_UPLOAD).encode())


def test_plain_http_leads_to_names_of_ours_alone(site: Site) -> None:
    assert site.redirected(NAME) == (308, f"https://{NAME}/a?b=c")
    assert site.redirected(f"x.{NAME}:80")[1] == f"https://x.{NAME}/a?b=c"
    assert site.redirected("[fd00:1::100]")[1] == "https://[fd00:1::100]/a?b=c"
    assert site.redirected("evil.example")[1] == f"https://{NAME}/a?b=c"


def test_directors_ask_there_without_being_led_away(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read().startswith(b"GET /readyz\n")


def _says(site: Site, *arguments: str) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    # It shows the session's bytes too.
    return done.stdout.decode("ascii", "replace")


def test_http_2_is_spoken_and_nothing_older_than_tls_1_2(site: Site) -> None:
    assert "ALPN protocol: h2" in _says(site, "-alpn", "h2,http/1.1")
    old = _says(site, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "Cipher is (NONE)" in old
    assert "Cipher is ECDHE" in _says(site, "-tls1_2")


@pytest.mark.parametrize(
    ("version", "form", "more"),
    [
        ("1.18.0 (Ubuntu)", "ssl http2 default_server", ""),
        ("1.22.1", "ssl http2 default_server", ""),
        ("1.25.0", "ssl http2 default_server", ""),
        ("1.25.1", "ssl default_server", "http2 on;"),
        ("1.29.3", "ssl default_server", "http2 on;"),
        ("1.31.3", "ssl default_server", "http2 on;"),
    ],
)
def test_listen_has_the_form_of_the_version_that_is_there(
    version: str, form: str, more: str, tmp_path: Path
) -> None:
    site = Site(tmp_path, 1)
    program = tmp_path / "bin" / "nginx"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" != -v ] || echo "nginx version: nginx/{version}" >&2\n')
    program.chmod(0o755)
    assert site.run("check", str(site.conf), path=str(program.parent)).returncode == 0
    written = (tmp_path / "run" / "listen.conf").read_text()
    both = [f"listen {place} {form};" for place in (site.port, f"[::]:{site.port}")]
    assert written.splitlines() == [*both, *filter(None, [more])]


def test_told_to_reload_before_it_is_there_it_starts_all_the_same(tmp_path: Path) -> None:
    site = Site(tmp_path, free_port())
    slow, begun, go_on = (tmp_path / name for name in ("bin", "begun", "go-on"))
    slow.mkdir()
    os.mkfifo(go_on)
    (slow / "nginx").write_text(
        f'#!/bin/sh\n[ "$1" != -v ] || {{ touch {begun}; read -r line < {go_on}; }}\n'
        'exec /usr/sbin/nginx "$@"\n'
    )
    (slow / "nginx").chmod(0o755)
    process = subprocess.Popen(
        [str(site.program), "run"], env={"PATH": f"{slow}:/usr/sbin:{os.environ['PATH']}"}
    )
    try:
        wait_until(begun.exists)
        process.send_signal(signal.SIGHUP)
        go_on.write_text("now\n")
        wait_until(lambda: process.poll() is not None or serves(site.folder))
        assert process.poll() is None
        # And once it is there it does take up what changed.
        before = _workers(process.pid)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & _workers(process.pid))
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(30)


def _workers(master: int) -> set[str]:
    return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


def test_a_wrong_configuration_is_refused(tmp_path: Path) -> None:
    site = Site(tmp_path, 1)
    good = site.run("check", str(site.conf))
    assert (good.returncode, good.stdout + good.stderr) == (0, "")
    wrong = tmp_path / "wrong.conf"
    wrong.write_text(site.conf.read_text().replace("proxy_buffering off", "proxy_bufering off"))
    said = site.run("check", str(wrong))
    assert said.returncode != 0 and "proxy_bufering" in said.stderr


def test_a_node_that_is_not_there_is_said_to_come_back(tmp_path: Path) -> None:
    with refusing_port() as nobody, started(Site(tmp_path, nobody)) as site:
        answer = site.get("/v1/models")
        assert (answer.status, answer.getheader("Retry-After")) == (503, "2")
        assert answer.getheader("Strict-Transport-Security") == "max-age=300"
        assert b'"code": "stopping"' in answer.read()
