"""Facts that are asked from a client's place, on answers of the probes."""

import json
from ipaddress import ip_address

import pytest

from provisioning.facts.app.speech import Speech, parse_speech
from provisioning.facts.connection_gap import ConnectionGap, connection_gap
from provisioning.facts.http_replies import HttpReply, parse_replies
from provisioning.facts.lan.neighbours import Way, neighbours
from provisioning.facts.probe import ProbeError
from provisioning.resources.base import Observation
from tests.facts.recordings import printed

MISSING = Observation("", "sh: 1: python3: not found\n", 127)


def test_replies() -> None:
    answers = {
        "10.77.0.100:7860": [
            {"status": 200, "node": "rs1", "text": "好"},
            {"error": "timed out", "refused": False},
        ]
    }
    assert parse_replies(printed(json.dumps(answers))) == {
        "10.77.0.100:7860": (
            HttpReply(200, "rs1", text="好"),
            HttpReply(None, None, "timed out"),
        )
    }
    with pytest.raises(ProbeError, match="python3"):
        parse_replies(MISSING)


def test_ways() -> None:
    fact = neighbours(["10.77.0.100"])
    way = {"route": "link", "device": "vec0", "cached": "02:01", "owners": ["02:01"], "problem": ""}
    found = fact.parse(printed(json.dumps({"10.77.0.100": way})))
    assert found == {"10.77.0.100": Way("link", "02:01", frozenset({"02:01"}))}
    unasked = {**way, "owners": None, "problem": "not permitted"}
    found = fact.parse(printed(json.dumps({"10.77.0.100": unasked})))
    assert found["10.77.0.100"] == Way("link", "02:01", None, "not permitted")


def test_a_gap() -> None:
    fact = connection_gap(ip_address("10.77.0.100"), 7860, seconds=5, interval=0.02)
    found = fact.parse(printed('{"attempts": 50, "failed": 3, "gap": 0.08}'))
    assert found == ConnectionGap(50, 3, 0.08)
    with pytest.raises(ProbeError):
        fact.parse(MISSING)


def test_speech() -> None:
    text = (
        '{"status": 200, "node": "rs1", "seconds": 0.4, "bytes": 9, "rate": 22050, "length": 4.0,'
        ' "level": -20.0, "loudest": -12.0, "softest": -60.0}'
    )
    assert parse_speech(printed(text)) == Speech(200, "rs1", 0.4, 22050, 4.0, -20.0, -12.0, -60.0)
    assert parse_speech(printed('{"error": "refused"}')) == Speech(error="refused")
