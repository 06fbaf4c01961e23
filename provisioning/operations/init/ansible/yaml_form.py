"""Ansible's inventories in YAML, as its plugin ``ansible.builtin.yaml`` reads them. Pure."""

from typing import Any

import yaml

from ....model.host_ranges.ranges import RangeError, expand, has_range
from .tree import ALL, UNGROUPED, AnsibleError, AnsibleInventory, Group, resolved

VAULTED = "!vault"
"""Stands for a value that only Ansible's vault can open."""


class _Loader(yaml.SafeLoader):
    """Knows the tags of Ansible."""


_Loader.add_constructor("!vault", lambda loader, node: VAULTED)
_Loader.add_constructor("!unsafe", lambda loader, node: str(node.value))


def read_yaml(text: str, file: str) -> AnsibleInventory:
    """Raises ``AnsibleError``."""
    try:
        content = _Loader(text).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        raise AnsibleError(f"{place}: {getattr(error, 'problem', error)}") from None
    reader = _Reader(file)
    for name, group in reader.mapping(content, "the inventory").items():
        reader.group(str(name), group)
    return resolved(reader.groups, reader.own, file)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self.groups: dict[str, Group] = {ALL: Group(), UNGROUPED: Group()}
        self.own: dict[str, dict[str, object]] = {}

    def group(self, name: str, content: object) -> None:
        """A group and its children."""
        group = self.groups.setdefault(name, Group())
        parts = self.mapping(content, f"the group {name}")
        if unknown := [str(key) for key in parts if key not in ("hosts", "vars", "children")]:
            raise AnsibleError(
                f"{self._file}: the group {name} has {unknown[0]}; it takes hosts, vars, children"
            )
        group.variables |= self.mapping(parts.get("vars"), f"vars of {name}")
        for pattern, own in self.mapping(parts.get("hosts"), f"hosts of {name}").items():
            for host in self._expanded(str(pattern)):
                self.own.setdefault(host, {}).update(self.mapping(own, f"the host {host}"))
                group.hosts.append(host)
        for child, content_of in self.mapping(parts.get("children"), f"children of {name}").items():
            group.children.append(str(child))
            self.group(str(child), content_of)

    def mapping(self, content: object, what: str) -> dict[Any, Any]:
        """A mapping, empty where nothing is there. Raises ``AnsibleError``."""
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise AnsibleError(f"{self._file}: {what} is not lines of `key: value`")
        return content

    def _expanded(self, pattern: str) -> list[str]:
        try:
            return expand(pattern) if has_range(pattern) else [pattern]
        except RangeError as error:
            raise AnsibleError(f"{self._file}: {error}") from None
