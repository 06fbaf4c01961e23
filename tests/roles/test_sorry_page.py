"""What a director answers while no real server can, by the Nginx that is installed here."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.places import NGINX_CONF, NGINX_LOG, NGINX_PROGRAM, SORRY_PAGES
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.ports import free_port
from tests.roles.nginx_site import running

_INVENTORY = """\
vip: 192.0.2.100
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
services:
  - {name: web, port: 7860, sorry_page: true}
  - {name: own, port: 7861, app: false, sorry_page: {html: away.html, retry_after: 7}}
"""


@dataclass(frozen=True, slots=True)
class Director:
    """One whose Nginx runs."""

    ports: dict[str, int]

    def ask(
        self, service: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=30)
        connection.request(method, "/gradio_api/queue/join", body, headers)
        return connection.getresponse()


@pytest.fixture(scope="module")
def director(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Director]:
    folder = tmp_path_factory.mktemp("director")
    (folder / "away.html").write_text("<p>维护中\n", encoding="utf-8")
    (folder / "inventory.yaml").write_text(_INVENTORY, encoding="utf-8")
    inventory = load_inventory(folder / "inventory.yaml")
    resources = desired_hosts(inventory, None, Runtime())["lvs1"].resources
    ports = {"web": free_port(), "own": free_port()}
    here = {
        SORRY_PAGES: f"{folder}/pages",
        NGINX_CONF: f"{folder}/nginx.conf",
        NGINX_PROGRAM: f"{folder}/cosyvoice-nginx",
        NGINX_LOG: f"{folder}/log",
        "/run/nginx.pid": f"{folder}/pid",
        # Others may not enter the folders of tests.
        "user www-data;": "user root;",
        "listen 7860 ": f"listen 127.0.0.1:{ports['web']} ",
        "listen 7861 ": f"listen 127.0.0.1:{ports['own']} ",
    }
    for one in resources:
        if isinstance(one, File) and one.path.startswith((SORRY_PAGES, NGINX_CONF, NGINX_PROGRAM)):
            path, content = one.path, one.content
            for ours, this in here.items():
                path, content = path.replace(ours, this), content.replace(ours, this)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(content, encoding="utf-8")
            Path(path).chmod(one.mode)
    with running(Path(here[NGINX_PROGRAM]), folder):
        yield Director(ports)


def test_a_browser_gets_a_page_in_both_languages(director: Director) -> None:
    answer = director.ask("web", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    page = answer.read().decode()
    assert answer.status == 503
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert (answer.getheader("Retry-After"), answer.getheader("Cache-Control")) == (
        "60",
        "no-store",
    )
    assert "服务暂停" in page and "The service is away" in page


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_program_gets_an_error_in_the_apis_form(method: str, director: Director) -> None:
    answer = director.ask("web", method, None if method == "GET" else b"{}", Accept="*/*")
    error = json.loads(answer.read())["error"]
    assert (answer.status, answer.getheader("Retry-After")) == (503, "60")
    assert answer.getheader("Content-Type") == "application/json; charset=utf-8"
    assert (error["type"], error["code"]) == ("server_error", "service_unavailable")
    assert "重试" in error["message_zh"]


def test_an_upload_is_answered_however_long_it_is(director: Director) -> None:
    answer = director.ask("web", "POST", bytes(3 << 20))
    assert answer.status == 503


def test_nothing_else_is_there(director: Director) -> None:
    for path in ("/page.html", "/program.json", "/../../etc/passwd"):
        connection = http.client.HTTPConnection("127.0.0.1", director.ports["web"], timeout=30)
        connection.request("GET", path)
        assert connection.getresponse().status in (400, 404)


def test_a_page_of_ones_own(director: Director) -> None:
    answer = director.ask("own", Accept="text/html")
    assert (answer.status, answer.getheader("Retry-After")) == (503, "7")
    assert answer.read().decode() == "<p>维护中\n"
