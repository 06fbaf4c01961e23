"""Output of ``ansible-inventory --list``. Pure."""

import json
from typing import Any

from .tree import ALL, AnsibleError, AnsibleInventory, Group, resolved


def read_listing(text: str, file: str) -> AnsibleInventory:
    """Groups and variables, which are merged there already. Raises ``AnsibleError``."""
    try:
        content: dict[str, Any] = json.loads(text)
        variables = content.pop("_meta")["hostvars"]
        groups = {
            name: Group(list(one.get("hosts", ())), list(one.get("children", ())))
            for name, one in content.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        shown = text.strip()[:80] or "nothing"
        raise AnsibleError(f"{file}: ansible-inventory printed {shown!r}") from None
    groups.setdefault(ALL, Group())
    return resolved(groups, {host: dict(own) for host, own in variables.items()}, file)
