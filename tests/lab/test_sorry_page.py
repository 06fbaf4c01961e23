"""Directors answer themselves while no real server can, and stop when one can again."""

import json

import pytest

from provisioning.lab import lifecycle
from provisioning.lab.topology import Size
from tests.lab.cluster import Cluster
from tests.lab.conftest import MakeLab
from tests.lab.test_cluster import service, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(900)]

_MINUTES = 180.0


@pytest.fixture(scope="module")
def servers(make_module_lab: MakeLab, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    size = Size(directors=2, real_servers=2, storage=0, real_server_memory=700)
    made = Cluster(make_module_lab("sorry", size), tmp_path_factory.mktemp("operator"))
    made.write(service(scheduler="rr", persistence=None, sorry_page=True))
    done = made.run("deploy", "--yes")
    assert done.returncode == 0
    return made


def asked(cluster: Cluster, accept: str) -> tuple[str, str]:
    """The status at the VIP, and the text."""
    url = f"http://{cluster.lab.topology.lan.vip}:7860/gradio_api/info"
    words = ("-sS", "--max-time", "10", "-H", f"Accept: {accept}", "-w", "\\n%{http_code}", url)
    text, _, status = cluster.from_client("curl", *words).stdout.rpartition("\n")
    return status, text


def is_sorry(cluster: Cluster) -> bool:
    return asked(cluster, "*/*")[0] == "503"


def test_a_deployed_page_is_not_shown_while_a_node_can_answer(servers: Cluster) -> None:
    assert asked(servers, "text/html")[0] == "200"
    assert "Nothing to change." in servers.run("deploy", "--yes", "--no-verify").stdout
    assert "sorry" not in json.dumps(servers.json("status"))


def test_with_all_nodes_gone_both_kinds_of_clients_are_told(servers: Cluster) -> None:
    for name in ("rs1", "rs2"):
        lifecycle.kill(servers.lab, name)
    seconds = wait_for("the page", lambda: is_sorry(servers), _MINUTES)
    print(f"MEASURED the page is shown {seconds:.0f} s after the last node lost its power")
    status, page = asked(servers, "text/html,*/*")
    assert status == "503" and "服务暂停" in page and "The service is away" in page
    status, error = asked(servers, "*/*")
    assert (status, json.loads(error)["error"]["code"]) == ("503", "service_unavailable")
    told = json.dumps(servers.json("status"))
    assert "the sorry page answers, because the quorum is lost" in told


def test_another_director_shows_it_too(servers: Cluster) -> None:
    lifecycle.kill(servers.lab, master := servers.master())
    wait_for("the page of the other director", lambda: is_sorry(servers), _MINUTES)
    lifecycle.start(servers.lab, [master])
    # A lab's machine that lost its power is empty.
    assert servers.run("deploy", "--yes", "--no-verify", "--limit", master).returncode == 0


def test_a_node_that_is_back_takes_over(servers: Cluster) -> None:
    lifecycle.start(servers.lab, ["rs1"])
    assert servers.run("deploy", "--yes", "--no-verify", "--limit", "rs1").returncode == 0
    wait_for("the node answers", lambda: asked(servers, "text/html")[0] == "200", _MINUTES)


def test_without_it_nothing_of_it_is_left(servers: Cluster) -> None:
    servers.write(service(scheduler="rr", persistence=None))
    done = servers.run("deploy", "--yes", "--no-verify", "--limit", "directors")
    assert done.returncode == 0
    for name in ("lvs1", "lvs2"):
        assert "sorry" not in servers.on(name, "cat /etc/keepalived/keepalived.conf")
        assert not servers.on(name, "ls -d /usr/local/share/cosyvoice-sorry 2>/dev/null || :")
        listening = servers.on(name, "ss -ltn 'sport = :7860' | tail -n +2")
        assert not listening
