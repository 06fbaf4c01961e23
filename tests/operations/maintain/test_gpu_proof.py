"""GPUs before and after: what must not be less."""

import pytest

from provisioning.facts.gpus import GpusFound
from provisioning.operations.maintain.gpu_proof import (
    GpusBefore,
    gpu_news,
    gpu_trouble,
    seen_before,
)
from tests.operations.maintain.fake_hosts import card, driver

BEFORE = seen_before(driver("535", card(0, xids=(79,)), card(1)))


@pytest.mark.parametrize(
    ("after", "rebooted", "trouble"),
    [
        (driver("550", card(0), card(1)), True, ""),
        (driver("550", card(0, xids=(79,)), card(1)), False, ""),
        (driver("550", card(0, xids=(79,)), card(1)), True, "1 errors (Xid) of GPUs"),
        (driver("550", card(0, xids=(13,)), card(1)), True, ""),
        (driver("550", card(0, xids=(79, 48)), card(1)), False, "1 errors (Xid) of GPUs"),
        (driver("550", card(0)), True, "1 of the 2 GPUs that were there before"),
        (driver("550", card(0), card(1, lost="Unknown Error")), True, "GPU 1 is lost: Unknown"),
        (driver("550", card(0), card(1, recovery="a reset")), True, "GPU 1 needs a reset"),
        (GpusFound("", "", (), "the driver and its library differ", ()), True, "library differ"),
        (GpusFound("550", "", (card(0), card(1)), "", ("2 of 4 GPUs",)), True, "2 of 4 GPUs"),
        (None, True, "the GPUs' driver is gone"),
    ],
)
def test_what_is_less_than_before_is_a_trouble(
    after: GpusFound | None, rebooted: bool, trouble: str
) -> None:
    said = gpu_trouble(BEFORE, after, rebooted=rebooted)
    assert trouble in said if trouble else not said


def test_hosts_without_gpus_have_no_trouble_and_new_drivers_are_told() -> None:
    assert gpu_trouble(seen_before(None), None, rebooted=True) == ""
    assert gpu_trouble(GpusBefore(), driver("550", card(0)), rebooted=True) == ""
    assert gpu_news(GpusBefore(), None) == ""
    assert gpu_news(BEFORE, driver("550", card(0), card(1))) == "driver 535 -> 550, 2 GPUs"
    assert gpu_news(BEFORE, driver("535", card(0))) == "driver 535, 1 GPUs"
