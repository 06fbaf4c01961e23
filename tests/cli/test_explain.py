"""``cluster explain``: all that the schema knows of a key."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from provisioning.cli.commands.explain import explain
from provisioning.model.explaining.documented import _PAGES, page_of
from provisioning.model.explaining.explaining import explain as look_up
from provisioning.model.inventory import Inventory
from provisioning.model.json_schema.schema import at, inventory_schema, places_of_keys, properties

_ROOT = Path(__file__).parents[2]
_PLACES = sorted({place for places in places_of_keys().values() for place in places})
_BASE = {
    "vip": "192.0.2.100",
    "directors": {"hosts": {"lvs1": "192.0.2.11"}},
    "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
}


def run(*words: str) -> Result:
    return CliRunner().invoke(explain, words)


def record(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def laid_over(below: Any, above: Any) -> Any:
    if isinstance(above, dict) and isinstance(below, str):
        below = {"address": below}
    if not (isinstance(above, dict) and isinstance(below, dict)):
        return above
    return below | {key: laid_over(below.get(key), value) for key, value in above.items()}


def test_the_example_of_every_key_has_the_key_and_can_be_used() -> None:
    assert len(_PLACES) > 400
    for place in _PLACES:
        explained = look_up(place)
        assert explained.place == place
        assert explained.meaning, place
        content = yaml.safe_load(explained.example)
        Inventory.model_validate(laid_over(_BASE, content))
        for word in place.replace("[]", "").split("."):
            while isinstance(content, list):
                content = content[0]
            assert word == "NAME" or word in content, place
            content = content[word] if word in content else next(iter(content.values()))


def test_a_key_is_explained() -> None:
    told = record("services.check.path")
    assert told["key"] == "services[].check.path"
    assert told["meaning"].startswith("Path that is asked for")
    assert (told["type"], told["default"], told["kinds"]) == ("text", "/readyz", ["http", "ssl"])
    assert yaml.safe_load(told["example"]) == {
        "services": [{"check": {"type": "http", "path": "/readyz"}}]
    }
    text = run("services.check.path").stdout
    for word in ("services[].check.path", "/readyz", "type: http or ssl", "docs/operations.md"):
        assert word in text


@pytest.mark.parametrize(
    ("asked", "place", "allowed"),
    [
        ("directors.hosts.lvs1.priority", "directors.hosts.NAME.priority", "from 1 to 254"),
        ("services[0].port", "services[].port", "from 1 to 65535"),
        ("services.scheduler", "services[].scheduler", "rr, wrr"),
        ("vip.address", "vip.address", "an IP address"),
        # It is one place alone, wherever that is.
        ("scheduler", "services[].scheduler", "rr, wrr"),
    ],
)
def test_places_are_found_as_people_write_them(asked: str, place: str, allowed: str) -> None:
    told = record(asked)
    assert told["key"] == place
    assert allowed in told["allowed"]


def test_without_a_key_all_at_the_left_edge_are_listed() -> None:
    names = [one["key"] for one in record()["keys"]]
    assert names == list(properties(inventory_schema()))
    assert all(f"\n{name} " in f"\n{run().stdout}" for name in names)


def test_a_name_of_several_places_lists_them() -> None:
    told = {one["key"]: one["default"] for one in record("weight")["keys"]}
    assert told == {"vrrp.track_scripts[].weight": "0", "real_servers.hosts.NAME.weight": "1"}


def test_a_mapping_lists_its_keys() -> None:
    told = record("vrrp.garp")
    assert {one["key"] for one in told["keys"]} == {
        f"vrrp.garp.{name}" for name in properties(at(("vrrp", "garp")) or {})
    }
    needed = {one["key"]: one["needed"] for one in record("directors.hosts")["keys"]}
    assert needed == {} or needed["directors.hosts.NAME.address"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("servces", "did you mean services?"),
        ("vrrp.advert_int", "write vrrp: {advert_interval: SECONDS}"),
        ("vrrp.advert_intervall", "did you mean advert_interval?"),
        ("services.port.number", "there is no key number under services[].port"),
        ("zzz.y", "`cluster explain` lists the keys"),
        ("vrrp.zzz", "`cluster explain vrrp` lists those that it has"),
        ("中文", "there is no key 中文"),
    ],
)
def test_a_wrong_key_gets_a_suggestion(asked: str, said: str) -> None:
    result = run(asked)
    assert result.exit_code == 2
    assert said in result.output


def test_pages_are_there_and_speak_of_their_part() -> None:
    for place, page in _PAGES.items():
        text = (_ROOT / page).read_text(encoding="utf-8")
        path = tuple(place.split("."))
        assert at(path if "NAME" in path or path[0] != "services" else (path[0], 0, *path[1:]))
        name = "inventory" if place in ("name", "forks") else path[-1].removesuffix("s")
        assert re.search(rf"\b{name.replace('_', '[_ ]')}", text, re.I), (place, page)
    assert page_of(("allow_colocated",)) == ""
