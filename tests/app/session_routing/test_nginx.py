"""Behind a real nginx, which gives every request to the next node."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, free_ports, running_nodes

pytestmark = pytest.mark.long

_NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
_CONFIGURATION = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream nodes {{
{servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if _NGINX is None:
        pytest.skip("no nginx here")
    folder = tmp_path_factory.mktemp("nginx")
    with running_nodes(tmp_path_factory.mktemp("gradio")) as nodes:
        (port,) = free_ports(1)
        servers = "\n".join(f"        server 127.0.0.1:{nodes.ports[name]};" for name in NAMES)
        file = folder / "nginx.conf"
        file.write_text(_CONFIGURATION.format(folder=folder, servers=servers, port=port))
        nginx = subprocess.Popen([_NGINX, "-c", str(file), "-e", str(folder / "error.log")])
        try:
            _wait_for(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()
            nginx.wait(10)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            if httpx.get(f"{url}/healthz", timeout=30).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError(url)


def test_requests_are_spread_and_sessions_stay_whole(url: str) -> None:
    asked = {httpx.get(f"{url}/healthz", timeout=30).json()["node"] for _ in range(6)}
    assert asked == set(NAMES)

    def one(number: int) -> str:
        client = patient_client(url)
        answers = [client.predict(f"第{number}", api_name="/greet") for _ in range(4)]
        owner = answers[0].split()[2]
        assert answers == [f"第{number} by {owner} {turn}" for turn in range(1, 5)]
        return str(owner)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(one, range(18))) == set(NAMES)
