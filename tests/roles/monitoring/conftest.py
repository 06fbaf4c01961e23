"""The files of rules of a monitoring host, and the alerts in them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.places import MONITORING_CONF
from provisioning.roles.monitoring.rules import RULES
from tests.roles.rendered import SECRETS, files


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of rules of a monitoring host, in a folder."""
    folder = tmp_path_factory.mktemp("rules")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        found = files("monitoring")
    for name in RULES:
        content = found[f"mon1{MONITORING_CONF}/rules/{name}.yml"].content
        # The cases' cluster.
        content = content.replace('cluster="cosyvoice"', 'cluster="c"')
        (folder / f"{name}.yml").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def alerts(rules: Path) -> dict[str, dict[str, Any]]:
    """Every alert by its name."""
    return {
        rule["alert"]: rule
        for path in rules.glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
