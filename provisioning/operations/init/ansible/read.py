"""Reads an inventory of Ansible's: by Ansible itself where it is installed, else by itself.

``ansible-inventory --list`` is the truth of that format: it reads ``group_vars``, dynamic
inventories and vaults, and its JSON is what inventory scripts have printed for ever; its Python
API is declared unstable. Without it a file in INI or YAML is read here. Tests compare the two.
"""

import shutil
import subprocess
from pathlib import Path

from .ini import read_ini
from .listing import read_listing
from .tree import AnsibleError, AnsibleInventory
from .yaml_form import read_yaml

PROGRAM = "ansible-inventory"
_TIMEOUT = 60.0
_VARIABLES = ("group_vars", "host_vars")


def read_ansible(path: Path) -> tuple[AnsibleInventory, list[str]]:
    """The inventory, and what should be known of how it was read. Raises ``AnsibleError``."""
    if not path.exists():
        raise AnsibleError(f"there is no {path}")
    if program := shutil.which(PROGRAM):
        return by_ansible(path, program), [f"{path} was read by {program}"]
    return by_itself(path)


def by_ansible(path: Path, program: str) -> AnsibleInventory:
    """By Ansible. Raises ``AnsibleError``."""
    try:
        done = subprocess.run(
            [program, "-i", str(path.absolute()), "--list"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AnsibleError(f"{path}: {program} did not end within {_TIMEOUT:g} s") from None
    except OSError as error:
        raise AnsibleError(f"{path}: {program} cannot be run: {error.strerror}") from None
    said = done.stderr.decode("utf-8", "replace")
    # It prints an empty inventory, with status 0, for a file that no plugin of it can read.
    unread = "Unable to parse" in said or "No inventory was parsed" in said
    if done.returncode or unread:
        words = " ".join(said.split())
        raise AnsibleError(f"{path}: {PROGRAM} cannot read it: {words[-400:] or 'no reason given'}")
    return read_listing(done.stdout.decode("utf-8", "replace"), str(path))


def by_itself(path: Path) -> tuple[AnsibleInventory, list[str]]:
    """A file in INI or YAML. Raises ``AnsibleError``."""
    if path.is_dir():
        raise AnsibleError(f"{path} is a folder: install ansible-core to read it, or name a file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleError(f"{path} cannot be read: {error}") from None
    if text.startswith("#!"):
        raise AnsibleError(f"{path} is a program: install ansible-core to ask it")
    if text.startswith("$ANSIBLE_VAULT"):
        raise AnsibleError(
            f"{path} is encrypted: ansible-vault decrypt it, or install ansible-core"
        )
    said = [f"{path} was read without Ansible ({PROGRAM} is not installed)"]
    said += [
        f"{path.parent / name} was not read: that takes {PROGRAM}"
        for name in _VARIABLES
        if (path.parent / name).is_dir()
    ]
    in_yaml = path.suffix in (".yaml", ".yml", ".json")
    return (read_yaml if in_yaml else read_ini)(text, str(path)), said
