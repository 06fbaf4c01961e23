"""Connections that clients have open to a host."""

from provisioning.facts.machine.boot_id import BOOT_ID
from provisioning.facts.machine.open_connections import open_connections
from tests.facts.recordings import printed

_SAID = """\
0      0           192.0.2.99:9080      192.0.2.201:51874
0      1316        192.0.2.99:9080      192.0.2.201:51890
0      0            127.0.0.1:9080        127.0.0.1:40112
0      0      [::ffff:192.0.2.99]:443  [::ffff:192.0.2.7]:5190
"""


def test_connections_of_others_count() -> None:
    fact = open_connections([9080, 443])
    assert "sport = :9080 or sport = :443" in fact.fragment
    assert fact.parse(printed(_SAID)) == 3
    assert fact.parse(printed("")) == 0


def test_a_boot_has_an_id() -> None:
    assert BOOT_ID.parse(printed("c1b0-4f\n")) == "c1b0-4f"
