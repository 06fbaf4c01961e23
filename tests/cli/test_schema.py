"""``cluster schema``: a JSON Schema that editors can use."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from provisioning.cli.commands.schema import schema

_REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def printed() -> dict[str, Any]:
    result = CliRunner().invoke(schema, [])
    assert result.exit_code == 0
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_it_is_a_json_schema(printed: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(printed)


def test_the_repositorys_inventory_fits(printed: dict[str, Any]) -> None:
    content = yaml.safe_load((_REPOSITORY / "inventory.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(printed).validate(content)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"vrrp": {"auth_key": "x"}}, "vrrp"),
        ({"services": [{"port": 0}]}, "services"),
        ({"services": [{"scheduler": "roundrobin"}]}, "services"),
        ({"directors": {"hosts": {"a": {}}}}, "directors"),
        ({"ssh": {"password": "hunter2"}}, "ssh"),
    ],
)
def test_mistakes_do_not_fit(printed: dict[str, Any], content: object, key: str) -> None:
    errors = list(jsonschema.Draft202012Validator(printed).iter_errors(content))
    assert [error.path[0] for error in errors] == [key]


def test_every_key_says_what_it_is_for(printed: dict[str, Any]) -> None:
    parts = {"Inventory": printed, **printed["$defs"]}
    silent = {
        f"{name}.{key}"
        for name, part in parts.items()
        for key, value in part.get("properties", {}).items()
        if not value.get("description")
    }
    assert not silent
    assert all(part.get("description") for part in parts.values())
