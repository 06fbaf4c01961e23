"""Behind a real nginx, which gives every request to the next node."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, running_nodes
from tests.nginx_balancer import NGINX, nginx_before

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if NGINX is None:
        pytest.skip("no nginx here")
    with running_nodes(tmp_path_factory.mktemp("gradio")) as nodes:
        urls = [f"http://127.0.0.1:{nodes.ports[name]}" for name in NAMES]
        with nginx_before(urls, tmp_path_factory.mktemp("nginx")) as found:
            yield found


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
