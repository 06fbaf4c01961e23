"""A log host that is away for longer than its hosts have disk for: real rsyslogd."""

import re
import time
from pathlib import Path

import pytest

from tests.processes import wait_until
from tests.roles.log_site import LogSite, line, running

pytestmark = pytest.mark.long
_LINES = 20_000
_WAIT = 15
"""Seconds that what finds the spool full waits, before it is dropped."""


def _spool(site: LogSite) -> int:
    return sum(path.stat().st_size for path in (site.folder / "state").glob("ship.0*"))


def _with_a_small_spool(folder: Path) -> LogSite:
    site = LogSite(folder)
    given = site.shipper.read_text()
    small = re.sub(r'queue\.maxDiskSpace="\d+m"', 'queue.maxDiskSpace="1m"', given)
    assert small != given and f'queue.timeoutEnqueue="{_WAIT}000"' in given
    site.shipper.write_text(small)
    return site


def test_all_but_a_few_lines_wait_in_their_file(tmp_path: Path) -> None:
    site = _with_a_small_spool(tmp_path)
    with running(site, site.shipper):
        with running(site, site.store):
            site.write(line(0, "the first"))
            site.wait_for(1)
        site.write(*(line(n, f"line {n} {'说' * 60}") for n in range(1, _LINES)))
        wait_until(lambda: _spool(site) > 1 << 20, 60)
        full = time.monotonic()
        # With rsyslog's own two seconds thirty lines were dropped in forty seconds.
        time.sleep(2.5 * _WAIT)
        with running(site, site.store):
            dropped = 2 * int((time.monotonic() - full) / _WAIT + 1)
            wait_until(lambda: len(site.found()) >= _LINES - dropped, 120)


def test_a_shipper_ends_before_it_is_killed(tmp_path: Path) -> None:
    site = _with_a_small_spool(tmp_path)
    with running(site, site.shipper) as (shipper,):
        site.write(*(line(n, f"line {n} {'说' * 60}") for n in range(_LINES)))
        wait_until(lambda: _spool(site) > 1 << 20, 60)
        shipper.terminate()
        assert shipper.wait(20) == 0, "service managers wait for so long"
