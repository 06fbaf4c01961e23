"""Inventories in which one free text holds what some language reads in a way of its own.

The texts are found in the inventory's schema, so that a new one is tried without being named.
"""

import copy
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from provisioning.model.inventory import Inventory
from provisioning.model.json_schema.schema import alternatives, inventory_schema
from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import parse_inventory

PWN = "pwn"
"""A program that nothing may call."""
SIGNS = [
    *(c for c in string.printable if not c.isalnum() or c in string.whitespace),
    "é", "词", "\x00", "\x1b", "\x85", "\u00a0", "\u2028", "\u202e", "$(pwn)", "`pwn`", ";pwn;",
    " ; pwn ;", "';pwn;'", '";pwn;"', "\npwn\n", " && pwn", "|pwn", "${x}", "%n", "%(ENV_PATH)s",
    " ;x", " #x", "~SEQ(1,2)", "{address!r}", "\\", "\\\n", " -o x", "../x",
]  # fmt: skip
BASE: dict[str, Any] = {
    "vip": {"address": "192.168.1.100"},
    "interface": "eth0",
    "directors": {
        "hosts": {"lvs1": {"address": "192.168.1.11"}, "lvs2": {"address": "192.168.1.12"}}
    },
    "real_servers": {
        "hosts": {"rs1": {"address": "192.168.1.101"}, "rs2": {"address": "192.168.1.102"}},
    },
}
_BESIDE: dict[str, dict[str, Any]] = {
    "storage": {"hosts": {"nas1": {"address": "192.168.1.60"}}},
    "tls": {"authority": "cluster"},
    "edges": {"vip": {"address": "192.168.1.110"}, "hosts": {"edge1": {"address": "192.168.1.51"}}},
    "monitoring": {"hosts": {"mon1": {"address": "192.168.1.61"}}},
    # With a secret that there always is.
    "monitoring.receivers.0": {
        "name": "a",
        "type": "wecom",
        "corp_id": "a",
        "agent_id": "1",
        "secret": {"env": "PATH"},
        "to_user": "a",
    },
    "monitoring.hosts.mon1": {"address": "192.168.1.61"},
    "services.0.check": {"type": "misc", "command": "/bin/x", "timeout": 1},
    "vrrp.track_scripts.0": {"name": "a", "command": "/bin/true", "timeout": 1},
    "clients.hosts.c1": {"address": "192.168.1.70"},
    "storage.hosts.nas1": {"address": "192.168.1.60"},
    "edges.hosts.edge1": {"address": "192.168.1.51"},
    "vips.0": {"address": "192.168.1.99"},
    "firewall.open.0": {"port": 9100},
}
"""Values that must stand beside a text for it to be read at all."""
_NAMES = {
    "directors": "lvs1",
    "real_servers": "rs1",
    "storage": "nas1",
    "edges": "edge1",
    "monitoring": "mon1",
    "clients": "c1",
}
_EXAMPLES = ("a", "/bin/true a", "/srv/a", "a:/b", "192.168.1.99")

Place = tuple[str | int, ...]


def places(schema: dict[str, Any], at: Place = ()) -> Iterator[Place]:
    """Every text of the schema, and every name that the inventory itself gives."""
    for one in alternatives(schema):
        if "enum" in one or "const" in one or str(one.get("format", "")).startswith("ip"):
            continue
        for name, part in one.get("properties", {}).items():
            yield from places(part, (*at, name))
        if one.get("type") == "array":
            yield from places(one["items"], (*at, 0))
        elif one.get("type") == "object" and "properties" not in one:
            values = one.get("additionalProperties")
            values = values or next(iter(one.get("patternProperties", {"": {}}).values()))
            name = _NAMES.get(str(at[0]), "K") if at[-1] == "hosts" else "K"
            if isinstance(values, dict):
                yield from places(values, (*at, name))
            yield (*at, name, "*")
        elif one.get("type") == "string":
            yield at


def with_text(place: Place, text: str) -> dict[str, Any]:
    """The smallest inventory with the text there; behind ``*``, as the key."""
    found = copy.deepcopy(BASE)
    above: Any = None
    here: Any = found
    path = ""
    steps = place[:-1] if place[-1] == "*" else place
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        path = f"{path}.{step}".lstrip(".")
        above = here
        if isinstance(above, list):
            above.append(None)
            step = 0
        if following is None:
            break
        default: Any = [] if isinstance(following, int) else {}
        if isinstance(above, dict):
            here = above.setdefault(step, default)
        else:
            above[0] = here = default
        if isinstance(here, dict):
            for key, value in copy.deepcopy(_BESIDE.get(path, {})).items():
                here.setdefault(key, value)
    if place[-1] == "*":
        value = above.pop(step, None) if isinstance(above, dict) else None
        above[text] = value if value is not None else "v"
    else:
        above[step] = text
    if place[0] == "vips":
        found.pop("vip")
    return found


def _reads(value: dict[str, Any]) -> bool:
    try:
        Inventory.model_validate(value)
    except (ValidationError, ValueError):
        return False
    return True


def accepted(place: Place, folder: Path) -> Iterator[tuple[str, Inventory]]:
    """Texts that the model takes there, with the inventory that holds each; none where it takes no
    text that is not one of a few words."""
    example = next((x for x in _EXAMPLES if _reads(with_text(place, x))), None)
    if example is None:
        return
    taken = [sign for sign in SIGNS if _reads(with_text(place, f"{example}{sign}b"))]
    whole = example + "b".join(sign for sign in taken if sign.isprintable()) + "b"
    every = False
    for text in (whole, *(f"{example}{sign}b" for sign in sorted(taken, key=str.isprintable))):
        if every and text.isprintable():
            return
        # Escaped, as a file's own line breaks would not reach the value.
        written = yaml.safe_dump(with_text(place, text))
        try:
            yield text, parse_inventory(written, folder / "inventory.yaml").inventory
        except InventoryError as error:
            assert all(problem.key for problem in error.diagnostics), error
            continue
        every = every or text == whole


# What says how to reach a host is alike in every group, and stands in no file; nor does the place
# where a secret of a receiver is.
ALL = [
    p
    for p in dict.fromkeys(places(inventory_schema()))
    if "ssh" not in p and not (p[0] == "monitoring" and p[-1] in ("env", "file"))
]
