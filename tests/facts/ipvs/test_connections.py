"""Connections as ipvsadm lists them."""

from provisioning.facts.ipvs.connections import parse_connections


def test_established_connections_are_read() -> None:
    text = """\
IPVS connection entries
pro expire state       source             virtual            destination
TCP 119:58  ESTABLISHED 10.77.0.50:40001  10.77.0.100:7860   10.77.0.21:7860
TCP 01:58  FIN_WAIT    10.77.0.50:40002   10.77.0.100:7860   10.77.0.22:7860
IP  59:00  NONE        10.77.0.50:0       10.77.0.100:7860   10.77.0.22:7860
TCP 119:59  ESTABLISHED [fd00::50]:40001  [fd00::100]:7860   [fd00::21]:7860
"""
    assert parse_connections(text) == {
        ("TCP", "10.77.0.50:40001", "10.77.0.100:7860", "10.77.0.21:7860"),
        ("TCP", "[fd00::50]:40001", "[fd00::100]:7860", "[fd00::21]:7860"),
    }
