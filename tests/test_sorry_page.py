"""The page of docs/operations.md for a time when nobody serves, by a real Nginx."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port

_DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
_NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


@pytest.fixture
def away(tmp_path: Path) -> Iterator[str]:
    """The URL of an Nginx with the configuration as it is documented, on another port."""
    if _NGINX is None:
        pytest.skip("no nginx here")
    (block,) = re.findall(r"```nginx\n(.*?)```", _DOCUMENT.read_text("utf-8"), re.S)
    assert block.count("listen 7860 default_server;") == 1
    port = free_port()
    site = block.replace("listen 7860", f"listen 127.0.0.1:{port}")
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{site}}}\n",
        encoding="utf-8",
    )
    words = [_NGINX, "-c", str(conf), "-e", str(tmp_path / "error.log"), "-g", "daemon off;"]
    with subprocess.Popen(words) as nginx:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()


def asked(method: str, url: str, accept: str) -> httpx.Response:
    """An answer, once Nginx listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            headers = {"accept": accept}
            return httpx.request(method, url, headers=headers, trust_env=False, timeout=60)
        except httpx.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_programs_get_an_error_of_the_api_and_browsers_a_page(away: str) -> None:
    answers = {
        "program": asked("POST", f"{away}/v1/audio/speech", "*/*"),
        "browser": asked("GET", f"{away}/", "text/html,application/xhtml+xml,*/*;q=0.8"),
    }
    for answer in answers.values():
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert answer.headers["cache-control"] == "no-store"
        assert "/" not in answer.headers["server"]
    error = answers["program"].json()["error"]
    assert error["code"] == "service_unavailable" and "服务暂停" in error["message_zh"]
    assert answers["browser"].headers["content-type"] == "text/html; charset=utf-8"
    assert "服务暂停" in answers["browser"].text and "try again" in answers["browser"].text
