"""Mistakes about the firewall, at their places."""

import pytest

from tests.model.marked import SMALLEST, diagnostics

_EDGES = "edges: {vip: 192.168.1.110, hosts: {e1: 192.168.1.51, e2: 192.168.1.52}}\n"


def found(text: str) -> list[tuple[str, str, str]]:
    """What is said of an inventory with these lines."""
    said = diagnostics("\n".join(SMALLEST.values()) + f"\n{text}\n")
    return [(one.key, one.message, one.fix) for one in said]


@pytest.mark.parametrize(
    "text",
    [
        "firewall: true",
        "firewall: {ssh_from: [192.168.1.5, 10.0.0.0/8], metrics_from: [10.0.0.0/8]}",
        "firewall: {open: [{port: 161, protocol: udp, hosts: [directors, rs2]}]}",
        "ssh: {jump: ops@bastion.example.org}\nfirewall: {ssh_from: [192.168.1.5]}",
        "ssh: {jump: 'ops@10.0.0.9,lvs1:2222'}\nfirewall: {ssh_from: [192.168.1.11]}",
        # Reached by a name, or through another host: of which family is not known.
        "ssh: {jump: b}\nfirewall: {ssh_from: ['fd00::/8']}",
        _EDGES + "firewall: {open: [{port: 1, hosts: [edges, e1]}]}",
    ],
)
def test_nothing_is_said_of_what_may_be(text: str) -> None:
    assert [one for one in found(text) if one[0].startswith("firewall")] == []


@pytest.mark.parametrize(
    ("text", "key", "message", "fix"),
    [
        ("firewall: {ssh_from: [10.1.2.3/8]}", "ssh_from[0]", "bits behind", "write 10.0.0.0/8"),
        ("firewall: {ssh_from: ['fd00::1/8']}", "ssh_from[0]", "bits behind", "write fd00::/8"),
        ("firewall: {ssh_from: [10.0.0.0/33]}", "ssh_from[0]", "not an IP address", "0 to 32"),
        ("firewall: {ssh_from: [desk.example.org]}", "ssh_from[0]", "not an IP", "not looked up"),
        ("firewall: {ssh_from: 10.0.0.0/8}", "ssh_from", "a list", "[10.0.0.0/8]"),
        ("firewall: {ssh_from: [0.0.0.0/0]}", "ssh_from[0]", "every address of IPv4", "leave"),
        ("firewall: {metrics_from: ['::/0']}", "metrics_from[0]", "every address of IPv6", "write"),
        ("firewall: {ssh_from: ['fd00::/8']}", "ssh_from", "lvs1 is reached at", "IPv4"),
        (
            "ssh: {jump: ops@10.0.0.9}\nfirewall: {ssh_from: [192.168.1.5]}",
            "ssh_from",
            "the jump host 10.0.0.9 is not in it",
            "add 10.0.0.9",
        ),
        (
            "ssh: {jump: 'a,lvs1'}\nfirewall: {ssh_from: [192.168.1.5]}",
            "ssh_from",
            "the jump host lvs1 is not in it",
            "add 192.168.1.11",
        ),
        ("firewall: {open: [{port: 1, hosts: [rs9]}]}", "open[0].hosts[0]", "", "real_s"),
        ("firewall: {open: [{port: 1, hosts: [edges]}]}", "open[0].hosts[0]", "", "directors"),
        ("firewall: {open: [{sources: [10.0.0.1]}]}", "open[0].port", "", ""),
        ("firewall: {open: [{port: 1, protocol: sctp}]}", "open[0].protocol", "", ""),
    ],
)  # fmt: skip
def test_one_message_names_place_and_fix(text: str, key: str, message: str, fix: str) -> None:
    said = [one for one in found(text) if one[0].startswith("firewall")]
    assert [one[0] for one in said] == [f"firewall.{key}"]
    assert message in said[0][1]
    assert fix in said[0][2]
