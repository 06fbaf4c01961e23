"""The files of the chart and of the image. Pure but for reading package data."""

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

import yaml

from ...companions import companion
from ...model.artifact import with_paths
from ...model.inventory import Inventory
from ...resources.file import File
from .alerts import alert_rules
from .image import requirements
from .values import ENVIRONMENT_SECRET, values_of
from .values_schema import schema_text

_FOLDER = "kubernetes"
ENVIRONMENT_FILE = "environment-secret.yaml"
_ABOUT = (
    "# Made by cosyvoice-cluster from the inventory. The first part has its names, the second\n"
    "# is Kubernetes' own. docs/kubernetes.md says what moves over, and what has to be filled in.\n"
)


def kubernetes_files(inventory: Inventory) -> list[File]:
    """Files below one folder, by absolute paths within it: ``chart``, ``image``, and, where the app
    has an environment, the manifest of the Secret with it. Raises ``RenderingError``."""
    values = values_of(inventory)
    made = {
        "chart/values.yaml": _ABOUT + _yaml(values),
        "chart/values.schema.json": schema_text(values),
        "chart/files/alerts.yaml": alert_rules(inventory),
        "image/requirements.txt": requirements(inventory),
    }
    files = {**dict(_packaged()), **made}
    found = [File(path=f"/{path}", content=files[path]) for path in sorted(files)]
    if inventory.app.environment:
        found.append(_environment(inventory))
    return found


def _environment(inventory: Inventory) -> File:
    """A manifest of its own, for its values may be keys and tokens."""
    directory = inventory.app.directory
    values = inventory.app.environment.items()
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": ENVIRONMENT_SECRET},
        "stringData": {name: with_paths(str(value), directory) for name, value in values},
    }
    return File(path=f"/{ENVIRONMENT_FILE}", content=_yaml(manifest), sensitive=True)


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000)


def _packaged() -> Iterator[tuple[str, str]]:
    """Files that are the same for every cluster."""
    root = resources.files(companion("templates")).joinpath(_FOLDER)
    yield from _below(root, "")


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
