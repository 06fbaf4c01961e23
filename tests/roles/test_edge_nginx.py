"""Caps, refusals and retries of an edge, on the Nginx that is installed here.

Each of the pitfalls that were measured of the second seed's configuration has a test.
"""

import asyncio
import json
import string
import subprocess
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Drain, Runtime
from tests.roles.edge_site import OTHERS_SHARE, SEED_JOB, Reply, Site, serving, until

pytestmark = pytest.mark.anyio

CONTENT: dict[str, Any] = {
    "vip": "192.168.1.100",
    "directors": {"hosts": {"lvs1": "192.168.1.11", "lvs2": "192.168.1.12"}},
    "real_servers": {
        "hosts": {"rs1": "192.168.1.101", "rs2": "192.168.1.102", "rs3": "192.168.1.103"}
    },
    "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51"}},
    "app": {"workers": 4, "queue_size": 8},
}
"""The seed's cluster: three servers, four jobs at a time on each."""
_DRAIN = Drain("ops", "2026-01-01T00:00:00+00:00")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def cluster(**edges: Any) -> Inventory:
    return Inventory.model_validate({**CONTENT, "edges": {**CONTENT["edges"], **edges}})


def without_shares(**edges: Any) -> Inventory:
    return cluster(per_client=OTHERS_SHARE, **edges)


async def at_once(site: Site, number: int, *, clients: int = 1) -> list[Reply]:
    asked = (site.ask(client=n % clients, job=str(n)) for n in range(number))
    return await asyncio.gather(*asked)


def statuses(replies: list[Reply]) -> Counter[int]:
    return Counter(reply.status for reply in replies)


async def hold(site: Site) -> asyncio.Event:
    """Jobs end when it is set."""
    event = asyncio.Event()
    for node in site.nodes:
        node.hold = event
    return event


async def test_what_no_slot_is_free_for_is_refused_at_once() -> None:
    async with serving(without_shares()) as site:
        go_on = await hold(site)
        asked = [asyncio.create_task(site.ask(job=str(n))) for n in range(40)]
        await until(lambda: sum(task.done() for task in asked) == 28)
        await until(lambda: sum(node.taken for node in site.nodes) == 12)
        assert [node.taken for node in site.nodes] == [4, 4, 4]
        go_on.set()
        replies = await asyncio.gather(*asked)
    assert statuses(replies) == {200: 12, 503: 28}
    assert site.most == [4, 4, 4]
    refused = next(reply for reply in replies if reply.status == 503)
    assert refused.headers["content-type"] == "application/json"
    assert refused.headers["retry-after"] == "2"
    assert refused.json["error"]["type"] == "cluster_overload"
    assert refused.json["code"] == "503" and "超出并发限制" in refused.json["message"]


async def test_caps_hold_for_fifty_clients_while_nodes_come_and_go() -> None:
    await _come_and_go(seconds=0.004, each=4)


@pytest.mark.long
async def test_a_thousand_requests_of_fifty_clients_while_nodes_come_and_go() -> None:
    await _come_and_go(seconds=0.004, each=20)


async def _come_and_go(*, seconds: float, each: int) -> None:
    async with serving(without_shares()) as site:
        for node in site.nodes:
            node.seconds = seconds
        over = asyncio.Event()
        unrest = asyncio.create_task(_unrest(site, over))
        found = await asyncio.gather(*(_client(site, n, each) for n in range(50)))
        over.set()
        await unrest
    replies = [reply for some in found for reply in some]
    assert max(site.most) <= 4
    assert max(site.ran.values()) == 1, "a job ran twice"
    assert set(statuses(replies)) <= {200, 503}
    done = statuses(replies)[200]
    assert done == 50 * each, "somebody got nothing for all their patience"


async def _client(site: Site, number: int, each: int) -> list[Reply]:
    """Asks for one after the other; what is refused, again, as another job."""
    replies: list[Reply] = []
    for job in range(each):
        for attempt in range(2000):
            reply = await site.ask(client=number, job=f"{number}.{job}.{attempt}")
            replies.append(reply)
            if reply.status == 200:
                break
            await asyncio.sleep(0.02)
    return replies


async def _unrest(site: Site, over: asyncio.Event) -> None:
    """A node dies and comes back, Nginx is told to reload, and again."""
    turn = 0
    while not over.is_set():
        node = site.nodes[turn % 3]
        await node.kill()
        await asyncio.sleep(0.1)
        await node.start()
        if turn % 3 == 0:
            await site.reload()
        turn += 1
        await asyncio.sleep(0.1)


async def test_a_reload_forgets_nothing_that_runs() -> None:
    """Nginx counts for max_conns anew after one."""
    async with serving(without_shares()) as site:
        go_on = await hold(site)
        first = [asyncio.create_task(site.ask(job=str(n))) for n in range(12)]
        await until(lambda: sum(node.taken for node in site.nodes) == 12)
        await site.reload()
        assert statuses(await at_once(site, 20)) == {503: 20}
        go_on.set()
        assert statuses(await asyncio.gather(*first)) == {200: 12}
        assert site.most == [4, 4, 4]


async def test_one_client_leaves_half_to_others() -> None:
    async with serving(cluster()) as site:
        go_on = await hold(site)
        greedy = [asyncio.create_task(site.ask(client=1)) for _ in range(30)]
        await until(lambda: sum(task.done() for task in greedy) == 24)
        modest = [asyncio.create_task(site.ask(client=2)) for _ in range(6)]
        await until(lambda: sum(node.taken for node in site.nodes) == 12)
        go_on.set()
        replies = await asyncio.gather(*greedy)
        assert statuses(replies) == {200: 6, 503: 24}
        refused = next(reply for reply in replies if reply.status == 503)
        assert "单个客户端" in refused.json["message"]
        assert statuses(await asyncio.gather(*modest)) == {200: 6}


async def test_a_client_that_asks_without_end_refuses_nobody_else_a_place() -> None:
    async with serving(cluster()) as site:
        for node in site.nodes:
            node.seconds = 0.005
        over = asyncio.Event()

        async def greedy() -> Counter[int]:
            found: Counter[int] = Counter()
            while not over.is_set():
                found[(await site.ask(client=0)).status] += 1
            return found

        async def modest(client: int) -> list[Reply]:
            return [await site.ask(client=client) for _ in range(15)]

        crowd = [asyncio.create_task(greedy()) for _ in range(20)]
        served = await asyncio.gather(*(modest(client) for client in range(1, 5)))
        over.set()
        greed = sum(await asyncio.gather(*crowd), Counter())
    assert statuses([reply for some in served for reply in some]) == {200: 60}
    assert greed[503] and greed[200], "it wanted more than its share, and had that"


async def test_in_admission_queue_the_nodes_line_takes_what_waits() -> None:
    async with serving(without_shares(admission="queue")) as site:
        for node in site.nodes:
            await node.kill()
            node.slots, node.seconds = 4, 0.02
            await node.start()
        assert statuses(await at_once(site, 36)) == {200: 36}
        assert max(site.most) <= 12


async def test_a_job_whose_node_dies_is_not_run_again() -> None:
    async with serving(cluster()) as site:
        for node in site.nodes:
            node.drop = True
        reply = await site.ask(job="one")
        assert reply.status == 503 and reply.json["error"]["code"] == "node_lost"
        assert "可能已完成" in reply.json["message"]
        assert site.ran == {"one": 1}


async def test_a_job_that_reached_no_node_goes_to_another() -> None:
    async with serving(cluster()) as site:
        await site.nodes[0].kill()
        await site.nodes[1].kill()
        replies = [await site.ask(job=str(n)) for n in range(8)]
        assert statuses(replies) == {200: 8}
        assert set(site.ran.values()) == {1}


async def test_nodes_that_are_busy_stay_in() -> None:
    """A node's own refusal comes to the client as it is, and counts as no failure."""
    async with serving(cluster()) as site:
        for node in site.nodes:
            node.code, node.answer = 503, b'{"code": "503", "message": "full"}'
        for method in ("GET", "POST"):
            path = SEED_JOB if method == "POST" else "/v1/models"
            for _ in range(6):
                reply = await site.ask(path, method=method)
                assert (reply.status, reply.json["message"]) == (503, "full")
        for node in site.nodes:
            node.code = 200
        assert statuses(await at_once(site, 6)) == {200: 6}


async def test_slow_uploads_hold_no_slot() -> None:
    async with serving(cluster()) as site:
        slow = [await site.connected(client) for client in range(10, 40)]
        for _, writer in slow:
            head = f"POST {SEED_JOB} HTTP/1.1\r\nHost: edge\r\nContent-Length: 100\r\n\r\n"
            writer.write(head.encode() + b"x" * 50)
            await writer.drain()
        replies = await at_once(site, 24, clients=12)
        assert statuses(replies)[200] >= 12
        assert sum(site.ran.values()) == statuses(replies)[200]
        for _, writer in slow:
            writer.close()


async def test_sound_comes_as_it_is_made() -> None:
    async with serving(cluster()) as site:
        told, go_on = asyncio.Event(), asyncio.Event()

        async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            told.set()
            await go_on.wait()
            writer.write(b"4\r\nlast\r\n0\r\n\r\n")
            await writer.drain()
            writer.close()

        for node in site.nodes:
            await node.kill()
        servers = [await asyncio.start_server(stream, "127.0.0.1", port) for port in site.ports]
        reader, writer = await site.connected(1)
        writer.write(
            f"POST {SEED_JOB} HTTP/1.1\r\nHost: edge\r\nContent-Length: 0\r\n\r\n".encode()
        )
        async with asyncio.timeout(10):
            await reader.readuntil(b"first")
            go_on.set()
            await reader.readuntil(b"last")
        writer.close()
        for server in servers:
            server.close()


async def test_a_node_that_is_found_out_gets_nothing_new() -> None:
    async with serving(cluster()) as site:
        (site.run / "out-rs1").write_text("loading\n")
        replies = [await site.ask() for _ in range(9)]
        assert statuses(replies) == {200: 9}
        assert not site.nodes[0].ran
        (site.run / "out-rs1").unlink()
        async with asyncio.timeout(30):
            while not site.nodes[0].ran:
                await site.ask()


async def test_a_drained_node_finishes_what_it_has() -> None:
    async with serving(cluster()) as site:
        go_on = await hold(site)
        first = [asyncio.create_task(site.ask(job=str(n))) for n in range(6)]
        await until(lambda: sum(node.taken for node in site.nodes) == 6)
        had = Counter(site.nodes[1].ran)
        assert had
        site.write(cluster(), Runtime({"rs2": _DRAIN}))
        await site.reload()
        go_on.set()
        assert statuses(await asyncio.gather(*first)) == {200: 6}
        # Of another client: the first had as many at a time as it may, and an answer is there a
        # moment before Nginx counts its request as over.
        later = [await site.ask(client=2, job="later") for _ in range(6)]
        assert statuses(later) == {200: 6}
        assert site.nodes[1].ran == had


async def test_what_is_not_passed_on_is_refused_in_json() -> None:
    async with serving(cluster(names=["tts.example.org"], max_upload=1)) as site:
        ours = {"Host": "tts.example.org"}
        for path, asked in (("/", ours), ("/metrics", ours), (SEED_JOB, {"Host": "evil"})):
            reply = await site.ask(path, headers=asked)
            assert reply.status == 404 and reply.json["message"] == "请求的资源不存在"
        reply = await site.ask(body=b"x" * (2 << 20), headers=ours)
        assert reply.status == 413 and reply.json["error"]["code"] == "too_large"
        assert (await site.ask(headers=ours)).status == 200
        assert (await site.ask(headers={"Host": "192.168.1.110:9080"})).status == 200
        for host in (ours, {"Host": "127.0.0.1"}):
            reply = await site.ask("/health", method="GET", headers=host)
            assert (reply.status, reply.body) == (200, b"healthy\n")


async def test_a_path_of_any_signs_is_that_path_and_nothing_else() -> None:
    signs = [sign for sign in string.printable if sign not in "$%?#" and not sign.isspace()]
    # Two at once would be one to Nginx, or lead elsewhere.
    paths = [f"/p{sign}q" for sign in signs if sign not in "./"] + ["/词é"]
    async with serving(cluster(paths={"jobs": paths, "others": []})) as site:
        for path in paths:
            assert (await site.ask(quote(path))).status == 200, path
            assert (await site.ask(quote(f"/{path[2:]}"))).status == 404, path
        assert (await site.ask("/pq")).status == 404
        assert sum(node.ran.total() for node in site.nodes) == len(paths)


async def test_metrics_are_not_passed_on_with_everything_else() -> None:
    async with serving(cluster(paths={"others": ["/"]})) as site:
        assert (await site.ask("/other", method="GET")).status == 200
        assert (await site.ask("/metrics", method="GET")).status == 404


async def test_a_node_hears_who_asks_and_nothing_that_is_made_up() -> None:
    async with serving(cluster()) as site:
        names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host")
        forged = {"Host": "tts:9080", **dict.fromkeys(names, "6.6.6.6")}
        await site.ask("/v1/audio/speech", client=7, headers=forged)
        heads = [line for node in site.nodes for head in node.heads for line in head.split("\r\n")]
        assert "6.6.6.6" not in str(heads)
        assert {"X-Forwarded-For: 127.0.0.8", "Host: tts:9080"} <= set(heads)
        assert "POST /v1/audio/speech HTTP/1.1" in heads


async def test_the_record_of_requests_is_json_whatever_was_sent() -> None:
    async with serving(cluster()) as site:
        await site.ask(headers={"User-Agent": '"}\\x 声音'})
        await site.ask("/nowhere?text=%E5%AF%86", headers={"Referer": "https://a.b/c?q=geheim"})
        await until(lambda: len(site.records) == 2)
        # Each is written by the worker that had it, so in any order.
        other, job = sorted(map(json.loads, site.records), key=lambda one: "声音" in one["agent"])
    assert job["status"] == 200 and job["node"].endswith(".sock") and "声音" in job["agent"]
    assert job["limit"] == "PASSED" and other["status"] == 404
    assert other["uri"] == "/nowhere", "texts are no part of a log, and some write them there"


async def test_the_record_of_requests_may_be_text() -> None:
    async with serving(cluster(log_format="text")) as site:
        await site.ask(f"{SEED_JOB}?text=geheim", headers={"Referer": "https://a.b/c?q=geheim"})
        await until(lambda: site.records)
        assert f'"POST {SEED_JOB} HTTP/1.1"' in site.records[0]
        assert '"https://a.b/c"' in site.records[0] and "geheim" not in site.records[0]
        assert "upstream_status=200" in site.records[0] and "request_time=" in site.records[0]


async def test_status_is_what_the_nodes_say() -> None:
    async with serving(cluster()) as site:
        silent = await site.ask("/cluster/status", method="GET")
        assert silent.status == 503
        go_on = await hold(site)
        jobs = [asyncio.create_task(site.ask()) for _ in range(3)]
        await until(lambda: sum(node.taken for node in site.nodes) == 3)
        site.nodes[2].ready = False
        program = subprocess.Popen(["python3", "-I", str(site.program), str(site.nodes_file)])
        try:
            await until(lambda: (site.run / "out-rs3").exists())
            # Each is asked by itself, so that the others may not have answered yet.
            while (said := (await site.ask("/cluster/status", method="GET")).json)["busy"] < 3:
                await asyncio.sleep(0.01)
            assert said["status"] == "degraded" and said["cluster"] == "cosyvoice"
            assert (said["total_capacity"], said["healthy"], said["servers"]) == (8, 2, 3)
            assert said["busy"] == 3
            assert said["nodes"][2]["reason"] == "loading"
            site.nodes[2].ready = True
            await until(lambda: not (site.run / "out-rs3").exists())
            await site.nodes[0].kill()
            await until(lambda: (site.run / "out-rs1").exists())
        finally:
            program.terminate()
            program.wait(30)
        go_on.set()
        await asyncio.gather(*jobs)
