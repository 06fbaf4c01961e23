"""Two real nodes of one host, each with a card, over a stand-in driver: the one whose card fails
goes, and no other."""

import contextlib
import os
from pathlib import Path

import pytest

from tests.app.node_process import NodeProcess, running
from tests.gpu_driver.cards import LOST, build, cards

pytestmark = pytest.mark.long


def test_the_node_of_a_card_that_fails_goes_and_no_other(tmp_path: Path) -> None:
    driver = cards(tmp_path / "cards")
    driver.add(0)
    driver.add(1)
    build(tmp_path)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("LD_LIBRARY_PATH"))))
    peers, secret = tmp_path / "peers", tmp_path / "secret"
    peers.touch()
    secret.touch(0o600)
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    with contextlib.ExitStack() as stack:

        def start(card: str) -> NodeProcess:
            return stack.enter_context(
                running(
                    tmp_path,
                    *("--engine", "faulty", "--enable-queue", "--gpus", "inherit"),
                    *("--gpu-health", "drain", "--gpu-quiet", "0", "--min-ready-by", "host"),
                    *("--peers-file", str(peers), "--cluster-secret-file", str(secret)),
                    *("--node-name", f"rs1-gpu{card}"),
                    CUDA_VISIBLE_DEVICES=card,
                    LD_LIBRARY_PATH=path,
                    NVML_CARDS=str(driver.folder),
                    STATE_DIRECTORY=str(tmp_path / f"state-{card}"),
                )
            )

        nodes = [start("0"), start("1")]
        peers.write_text("".join(f"rs1-gpu{at} {one.url}\n" for at, one in enumerate(nodes)))
        for node in nodes:
            node.wait_ready()
        first, second = nodes
        driver.set(1, error=LOST)
        second.wait_until(lambda: not second.ready())
        assert "GPU 1" in second.get("/readyz").text
        assert first.ready(), "its own card is whole"
        # What still comes there, by a session or Nginx, is done by the other.
        assert second.speak(input="hello").status_code == 200
        # No host would be left: the one that has the last card stays.
        driver.set(0, ecc_uncorrected=2)
        first.wait_until(lambda: first.status()["gpu_health"]["stays"])
        assert first.ready()
        assert first.status()["gpu_health"]["stays"] == ("0 other hosts are ready, and 1 has to be")
        driver.set(1, error=None)
        second.wait_until(second.ready)
