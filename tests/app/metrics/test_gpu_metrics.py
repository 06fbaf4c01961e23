"""GPUs in `/metrics` and `/cluster/status` of a real node, by the real nvidia-ml-py over a stand-in
driver."""

import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from provisioning import node_api
from tests.app.node_process import NodeProcess, running
from tests.app.typed_body import fits
from tests.gpu_driver.cards import GIB, LOST, Cards, build, cards


def gpu_samples(node: NodeProcess) -> dict[tuple[str, str, str], float]:
    """Values by name, card and MIG instance."""
    return {
        (
            sample.name.removeprefix("cosyvoice_"),
            sample.labels["gpu"],
            sample.labels["mig"],
        ): sample.value
        for family in text_string_to_metric_families(node.get("/metrics").text)
        for sample in family.samples
        if sample.name.startswith("cosyvoice_gpu_")
    }


def xid_samples(node: NodeProcess) -> dict[str, float]:
    """Counts by the Xid, of one card."""
    families = text_string_to_metric_families(node.get("/metrics").text)
    (found,) = [one for one in families if one.name == "cosyvoice_gpu_xid_errors"]
    return {sample.labels["xid"]: sample.value for sample in found.samples}


@pytest.fixture
def driver(tmp_path: Path) -> Cards:
    return cards(tmp_path / "cards")


def environment(folder: Path, driver: Cards) -> dict[str, str]:
    build(folder)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("LD_LIBRARY_PATH"))))
    return {"LD_LIBRARY_PATH": path, "NVML_CARDS": str(driver.folder)}


def test_every_card_is_exported_and_a_lost_one_hides_no_other(
    tmp_path: Path, driver: Cards
) -> None:
    driver.add(0)
    driver.add(1, name="NVIDIA GeForce RTX 3090", ecc_uncorrected=None, throttling=0x44)
    driver.add(2, utilization=None)
    driver.split(2, 0)
    driver.split(2, 1, memory_used=5 * GIB)
    options = environment(tmp_path, driver)
    with running(tmp_path, "--engine", "faulty", "--gpus-expected", "4", **options) as node:
        node.wait_ready()
        found = gpu_samples(node)
        assert found["gpu_memory_total_bytes", "0", ""] == 80 * GIB
        assert found["gpu_utilization_ratio", "0", ""] == 0.75
        assert found["gpu_temperature_celsius", "0", ""] == 64
        assert found["gpu_processes", "0", ""] == 2
        assert found["gpu_power_watts", "0", ""] == 412.5
        assert found["gpu_power_limit_watts", "0", ""] == 700
        assert found["gpu_ecc_uncorrected_errors_total", "0", ""] == 0
        # What a card does not tell is no sample, and no reason to leave the rest out.
        assert ("gpu_ecc_uncorrected_errors_total", "1", "") not in found
        assert ("gpu_utilization_ratio", "2", "") not in found
        assert found["gpu_memory_used_bytes", "2", "0"] == GIB
        assert found["gpu_memory_used_bytes", "2", "1"] == 5 * GIB
        assert "cosyvoice_gpus_expected 4.0" in node.get("/metrics").text
        reasons = [line for line in node.get("/metrics").text.splitlines() if "throttled{" in line]
        assert [line.partition('reason="')[2].partition('"')[0] for line in reasons] == [
            "power cap",
            "hardware thermal slowdown",
        ]
        driver.set(1, error=LOST)
        found = gpu_samples(node)
        assert [found["gpu_up", card, ""] for card in "012"] == [1, 0, 1]
        assert [found["gpu_healthy", card, ""] for card in "012"] == [1, 0, 1]
        assert ("gpu_temperature_celsius", "1", "") not in found
        assert found["gpu_temperature_celsius", "2", ""] == 64
        # A lost card does not tell its name: its series stay the same by what is remembered.
        lost = node.status()["gpus"][1]
        assert (lost["name"], lost["lost"]) == ("NVIDIA GeForce RTX 3090", "GPU is lost")
        assert lost["uuid"].startswith("GPU-") and lost["trouble"] == "is lost: GPU is lost"
        driver.set(1, error=None)
        assert gpu_samples(node)["gpu_up", "1", ""] == 1


def test_xids_are_counted_and_uncorrectable_errors_are_trouble(
    tmp_path: Path, driver: Cards
) -> None:
    driver.add(0)
    with running(tmp_path, "--engine", "faulty", **environment(tmp_path, driver)) as node:
        node.wait_ready()
        assert gpu_samples(node)["gpu_healthy", "0", ""] == 1
        # Those after which a card is not trusted are there before the first of them.
        assert (xids := xid_samples(node))["79"] == 0 and "31" not in xids
        # 31 is a program's own fault.
        driver.set(0, xid=31, recovery=3)
        assert (xids := xid_samples(node))["31"] == 1 and xids["79"] == 0
        assert gpu_samples(node)["gpu_healthy", "0", ""] == 1
        driver.set(0, xid=79)
        assert node.status()["gpus"][0]["trouble"] == "had Xid 79"
        assert node.status()["gpus"][0]["xids"] == [31, 79]
        assert gpu_samples(node)["gpu_healthy", "0", ""] == 0
        driver.set(0, ecc_uncorrected=2, error=LOST)
        assert node.status()["gpus"][0]["trouble"] == "is lost: GPU is lost"
        driver.set(0, error=None)
        assert node.status()["gpus"][0]["trouble"] == "has 2 uncorrectable memory errors"
        driver.set(0, ecc_uncorrected=0)
        assert node.status()["gpus"][0]["trouble"] == ""


def test_a_card_in_trouble_takes_its_slot_out_until_it_is_repaired(
    tmp_path: Path, driver: Cards
) -> None:
    driver.add(0)
    driver.add(1)
    arguments = ("--engine", "faulty", "--enable-queue", "--gpus", "0,1")
    health = ("--gpu-health", "drain", "--gpu-quiet", "0")
    with running(tmp_path, *arguments, *health, **environment(tmp_path, driver)) as node:
        node.wait_ready()
        driver.set(1, xid=79)
        node.wait_until(lambda: node.status()["workers"][1]["state"] == "held")
        status = node.status()
        in_service = [gpu_samples(node)["gpu_in_service", card, ""] for card in "01"]
        assert in_service == [1, 0]
        assert status["workers"][1]["detail"] == "GPU 1 (NVIDIA H100 80GB HBM3) had Xid 79"
        assert (status["ready"], status["capacity"]) == (True, 1)
        # The last one is kept, as no other node is known; what the other one has is no matter.
        driver.set(0, ecc_uncorrected=2)
        node.wait_until(lambda: len(node.status()["gpu_health"]["out"]) == 2)
        fits(node.status(), node_api.Status, "status")
        assert node.speak(input="hello").status_code == 200
        assert node.ready()
        # Repaired: the one was reset, the other is reachable again.
        driver.set(0, ecc_uncorrected=0)
        driver.set(1, error=LOST)
        node.wait_until(lambda: node.status()["gpus"][1]["lost"])
        driver.set(1, error=None)
        node.wait_until(lambda: node.status()["capacity"] == 2 and node.ready())
        history = node.status()["gpu_health"]["history"]
        assert [(event["event"], event["gpu"]) for event in history[:2]] == [("out", 1), ("out", 0)]
        assert {("back", 0), ("back", 1)} == {(e["event"], e["gpu"]) for e in history[-2:]}
        assert "out of service: GPU 1" in "".join(node.raw)
