"""Ranges in names: what they stand for, and those that stand for nothing."""

import pytest

from provisioning.model.host_ranges.ranges import RangeError, expand, has_range


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("rs1", ["rs1"]),
        ("rs[1:3]", ["rs1", "rs2", "rs3"]),
        ("rs[1-3]", ["rs1", "rs2", "rs3"]),
        ("rs[08:11]", ["rs08", "rs09", "rs10", "rs11"]),
        ("rs[8:11]", ["rs8", "rs9", "rs10", "rs11"]),
        ("rs[0:6:3]", ["rs0", "rs3", "rs6"]),
        ("rs[001-002,009]-gpu", ["rs001-gpu", "rs002-gpu", "rs009-gpu"]),
        ("rs[c:e]", ["rsc", "rsd", "rse"]),
        ("rs[A:C:2]", ["rsA", "rsC"]),
        ("r[1:2]n[1:2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
    ],
)
def test_a_range_stands_for_names_in_order(text: str, names: list[str]) -> None:
    assert expand(text) == names
    assert has_range(text) == ("[" in text)


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("rs[3:1]", "backwards", "[1:3]"),
        ("rs[c:a]", "backwards", "[a:c]"),
        ("rs[01:300]", "different width", "[001:300]"),
        ("rs[001:30]", "different width", "[001:030]"),
        ("rs[1:c]", "different kinds", "two letters"),
        ("rs[a:C]", "different kinds", "one case"),
        ("rs[]", "no range", "[001:300]"),
        ("rs[1:2:0]", "never ends", "step"),
        ("rs[1:999999999]", "999999999 names", "5000"),
        ("r[1:100]n[1:100]", "10000 names", "5000"),
        ("rs[1:2]]", "alone", "close"),
        ("rs[[1:2]", "alone", "close"),
    ],
)
def test_a_wrong_range_says_how_it_is_written(text: str, message: str, fix: str) -> None:
    with pytest.raises(RangeError) as raised:
        expand(text)
    assert message in raised.value.message
    assert fix in raised.value.fix
