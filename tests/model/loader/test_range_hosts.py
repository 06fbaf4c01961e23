"""Hosts written as a range: what they become, and one mistake for one line."""

from ipaddress import ip_address
from pathlib import Path

import jsonschema
import pytest
import yaml

from provisioning.model.inventory import Inventory
from provisioning.model.json_schema.range_schema import schema_with_ranges
from provisioning.model.loader.load import parse_inventory
from tests.model.marked import Case, check, diagnostics, error

_WIDE = "vip: 10.0.0.20/22"
_DIRECTORS = "directors: {hosts: {lvs1: 10.0.0.11, lvs2: 10.0.0.12}}"


def _text(hosts: str, vip: str = _WIDE) -> str:
    return f"{vip}\n{_DIRECTORS}\nreal_servers:\n  hosts:\n    {hosts}\n"


def _read(hosts: str) -> Inventory:
    return parse_inventory(_text(hosts), Path("inventory.yaml")).inventory


def test_three_hundred_hosts_are_one_line_and_count_up_over_the_octet() -> None:
    hosts = _read("rs[001:300]: 10.0.0.21").real_servers.hosts
    assert len(hosts) == 300
    assert list(hosts)[::299] == ["rs001", "rs300"]
    assert hosts["rs236"].address == ip_address("10.0.1.0")
    assert hosts["rs300"].address == ip_address("10.0.1.64")


def test_addresses_may_be_a_range_of_as_many() -> None:
    hosts = _read("r[1:2]n[1:2]: 10.0.[1:2].[7,9]").real_servers.hosts
    assert {name: str(host.address) for name, host in hosts.items()} == {
        "r1n1": "10.0.1.7",
        "r1n2": "10.0.1.9",
        "r2n1": "10.0.2.7",
        "r2n2": "10.0.2.9",
    }


def test_keys_are_every_hosts_and_numbered_ones_its_own() -> None:
    hosts = _read(
        "rs[1:2]: {address: 10.0.0.21, address6: 'fd00::21', weight: 3, ssh: {host: 'm[1:2].x'}}"
    ).real_servers.hosts
    assert [host.weight for host in hosts.values()] == [3, 3]
    assert [str(host.address6) for host in hosts.values()] == ["fd00::21", "fd00::22"]
    assert [host.ssh.host for host in hosts.values()] == ["m1.x", "m2.x"]


def test_hosts_before_and_behind_a_range_keep_their_places() -> None:
    hosts = _read("a: 10.0.0.21\n    b[1:2]: 10.0.0.31\n    c: 10.0.0.22").real_servers.hosts
    assert list(hosts) == ["a", "b1", "b2", "c"]


def _rs(hosts: str) -> str:
    return f"real_servers:\n  hosts:\n    {hosts}"


def _wrong(key: str, message: str, fix: str, hosts: str) -> Case:
    return error(f"real_servers.hosts.{key}", message, fix, real_servers=_rs(hosts))


CASES = {
    "no address of one": _wrong(
        "rs[001:300]", "192.168.1.256 is no address", "192.168.1.21: the others count up",
        "rs[001:300]: ▸192.168.1.[21:320]",
    ),
    "lengths that differ": _wrong(
        "rs[1:3]", "3 names and 4 of these", "count up", "rs[1:3]: ▸192.168.1.[21:24]"
    ),
    "length of a numbered key": _wrong(
        "rs[1:3].ssh.host", "3 names and 2 of these", "as long",
        "rs[1:3]: {address: 192.168.1.21, ssh: {host: ▸'m[1:2]'}}",
    ),
    "a name of another line": _wrong(
        "rs2", "rs2 is in rs[1:3] of line 6 already", "shorten",
        "rs[1:3]: 192.168.1.21\n    ▸rs2: 192.168.1.77",
    ),
    "ranges that overlap": _wrong(
        "rs[3:6]", "rs3 is in rs[1:3] of line 6 already", "shorten",
        "rs[1:3]: 192.168.1.21\n    ▸rs[3:6]: 192.168.1.77",
    ),
    "a name twice": _wrong("rs[1,1]", "rs1 is in it twice", "leave", "▸rs[1,1]: 192.168.1.21"),
    "a range that cannot be read": _wrong(
        "rs[3:1]", "backwards", "[1:3]", "▸rs[3:1]: 192.168.1.21"
    ),
    "past the last address": _wrong(
        "rs[1:3]", "no 3 addresses", "lower", "rs[1:3]: ▸255.255.255.254"
    ),
    "a wrong key, once": _wrong(
        "rs[1:9].wieght", "unknown key", "weight",
        "rs[1:9]: {address: 192.168.1.21, ▸wieght: 2}",
    ),
    "a wrong value, once": _wrong(
        "rs[1:9].weight", "a whole number", "", "rs[1:9]: {address: 192.168.1.21, weight: ▸x}"
    ),
    "no address at all": _wrong(
        "rs[1:9].address", "has no address", "", "▸rs[1:9]:\n      weight: 2"
    ),
    "the address of another": _wrong(
        "rs[1:3]", "192.168.1.22 is the address of b1 too (and so for 2 hosts of the range)",
        "each host its own", "b[1:2]: 192.168.1.22\n    rs[1:3]: ▸192.168.1.21",
    ),
    "too much": _wrong(
        "rs[1:5000]", "50000 values", "group",
        "▸rs[1:5000]: {address: 10.0.0.1, vars: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1}}",
    ),
    "a range of addresses for one host": _wrong(
        "rs1", "not an IP address", "belongs to a range of hosts", "rs1: ▸192.168.1.[21:40]"
    ),
    "a range of what is no host": error(
        "artifacts.a[1:2]", "not a name", "only names of hosts",
        artifacts="artifacts:\n  ▸a[1:2]: {url: 'https://example.com/a'}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_mistake_is_told_once_at_the_ranges_line(case: Case) -> None:
    check(case)


def test_hosts_out_of_the_subnet_are_one_mistake() -> None:
    said = diagnostics(_text("rs[001:300]: 10.0.0.21", "vip: 10.0.0.20/24"))
    assert [(one.line, one.message) for one in said] == [
        (1, "rs236 (10.0.1.0) and 64 more hosts are not in the VIP's subnet 10.0.0.0/24"),
        (5, "the broadcast address of the VIP's subnet 10.0.0.0/24"),
    ]
    assert said[1].key == "real_servers.hosts.rs[001:300]"


def test_braces_want_quotes_around_a_range() -> None:
    (said,) = diagnostics("vip: 1.2.3.4\ndirectors: {hosts: {lvs[1:2]: 192.168.1.11}}\n")
    assert (said.line, said.fix) == (
        2,
        "inside braces put a name or an address with a range in quotes",
    )


@pytest.mark.parametrize(
    ("hosts", "fits"),
    [
        ("rs[001:300]: 10.0.0.21", True),
        ("rs[01:20]: 10.0.0.[21:40]", True),
        ("rs[1:2]: {address: '10.0.0.[1:2]', address6: 'fd00::[1:2]'}", True),
        ("rs[1:2]: [10.0.0.1]", False),
        ("rs1: nowhere", False),
    ],
)
def test_editors_take_ranges(hosts: str, fits: bool) -> None:
    content = yaml.safe_load(_text(hosts))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema_with_ranges(), format_checker=checker)
    assert validator.is_valid(content) == fits
