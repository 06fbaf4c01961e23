"""Any file at all gives an inventory or diagnostics, never a traceback."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provisioning.model.json_schema.schema import alternatives, inventory_schema, takes_null
from provisioning.model.loader.diagnostic import Diagnostic, InventoryError
from provisioning.model.loader.load import load_inventory, parse_inventory
from tests.model.marked import SMALLEST

_REPOSITORY = Path(__file__).parents[3]
_SAMPLE = (_REPOSITORY / "inventory.yaml").read_text(encoding="utf-8")
_PATH = Path("inventory.yaml")
_QUICK = settings(max_examples=80, deadline=None)

_NUMBERS = [0, -1, 2**70, 1e300, float("inf"), float("nan")]
_TEXTS = ["", " ", "~", "..", "/", "a" * 5000, "\x00", "词", "１", "::1", "10.0.0.1/0", "{x}", "{"]
_SIGNS = ["%", "[::1]:/", "=", "$(reboot)", "-", "\n", "\u202e", "\x1b[31m"]
_STRANGE = st.sampled_from([None, True, *_NUMBERS, *_TEXTS, *_SIGNS])
_SCALARS = st.one_of(_STRANGE, st.text(max_size=20), st.integers(), st.floats())
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def _sound(diagnostic: Diagnostic) -> None:
    """One line a part, printable anywhere, with a place that exists."""
    for part in (
        diagnostic.message,
        diagnostic.found,
        diagnostic.allowed,
        diagnostic.fix,
        diagnostic.key,
    ):
        assert part.isprintable(), part
        part.encode("utf-8")
    assert diagnostic.message
    assert diagnostic.line >= 0 and diagnostic.column >= 0


def _answered(text: str) -> None:
    try:
        diagnostics = parse_inventory(text, _PATH).warnings
    except InventoryError as error:
        diagnostics = error.diagnostics
        assert any(diagnostic.severity == "error" for diagnostic in diagnostics)
    lines = text.count("\n") + 1
    for diagnostic in diagnostics:
        _sound(diagnostic)
        assert diagnostic.line <= lines + 1


def _valid(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that mostly fit the schema, so that the rules get to see them."""
    kinds = [_of(one) for one in alternatives(schema)]
    if takes_null(schema):
        kinds.append(st.none())
    return st.one_of(*kinds, _STRANGE) if kinds else _STRANGE


def _of(one: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in one or "const" in one:
        return st.sampled_from(one.get("enum") or [one["const"]])
    match one.get("type"):
        case "integer":
            return st.integers(one.get("minimum", 0), one.get("maximum", 10))
        case "number":
            return st.floats(one.get("minimum", 0), one.get("maximum", 10)).map(
                lambda x: round(x, 2)
            )
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(st.deferred(lambda: _valid(one["items"])), max_size=3)
        case "object" if "properties" in one:
            return st.fixed_dictionaries(
                {},
                optional={
                    name: st.deferred(lambda part=part: _valid(part))  # type: ignore[misc]
                    for name, part in one["properties"].items()
                },
            )
        case "object":
            values = one.get("additionalProperties") or next(
                iter(one.get("patternProperties", {"": {}}).values())
            )
            names = st.sampled_from(["a", "b", "lvs1", "rs1", "all", "X_Y"])
            return st.dictionaries(names, st.deferred(lambda: _valid(values)), max_size=3)
    return st.sampled_from(
        [
            "10.0.0.1",
            "10.0.0.2",
            "fd00::1",
            "10.0.0.9/24",
            "a",
            "/srv/a",
            "/bin/x {port}",
            "git@a:b",
        ]
    )


@_QUICK
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf\xff")
@example(b"\xff\xfea\x00")
def test_any_bytes_are_answered(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("inventory") / "inventory.yaml"
    path.write_bytes(content)
    try:
        load_inventory(path)
    except InventoryError as error:
        for diagnostic in error.diagnostics:
            _sound(diagnostic)


@_QUICK
@given(st.text(alphabet="ab:-[]{}!&*|>'\"#%@,? \n\t1.<\\", max_size=60))
def test_any_punctuation_is_answered(text: str) -> None:
    _answered(text)


@_QUICK
@given(_ANYTHING)
def test_any_data_is_answered(data: object) -> None:
    _answered(yaml.safe_dump(data, allow_unicode=True))


@_QUICK
@given(st.data())
def test_any_value_at_any_key_is_answered(data: st.DataObject) -> None:
    schema = inventory_schema()
    content = data.draw(_of(schema))
    _answered(yaml.safe_dump(content, allow_unicode=True))


@_QUICK
@given(st.data())
def test_any_value_beside_a_right_inventory_is_answered(data: st.DataObject) -> None:
    """The rest is right, so that the rules see the value in a whole cluster."""
    parts = inventory_schema()["properties"]
    name = data.draw(st.sampled_from(sorted(parts.keys() - SMALLEST.keys())))
    block = yaml.safe_dump({name: data.draw(_valid(parts[name]))}, allow_unicode=True)
    _answered("\n".join([*SMALLEST.values(), block]))


@_QUICK
@given(
    st.integers(0, len(_SAMPLE) - 1),
    st.integers(0, 12),
    st.text(alphabet=":-[]{}!&*|>'\"# \n\tx9词", max_size=4),
)
def test_any_slip_of_the_editor_is_answered(place: int, removed: int, typed: str) -> None:
    _answered(_SAMPLE[:place] + typed + _SAMPLE[place + removed :])
