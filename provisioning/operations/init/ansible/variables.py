"""A host's variables in Ansible, as settings of SSH here, and those that have none. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from .ssh_arguments import ssh_settings
from .yaml_form import VAULTED

_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
_DIRECT = {
    "ansible_user": "user",
    "ansible_ssh_user": "user",
    "ansible_port": "port",
    "ansible_ssh_port": "port",
    "ansible_ssh_private_key_file": "key_file",
    "ansible_private_key_file": "key_file",
}
_HOST = ("ansible_host", "ansible_ssh_host")
_SECRETS = {
    "ansible_password": "password",
    "ansible_ssh_pass": "password",
    "ansible_ssh_password": "password",
    "ansible_become_password": "sudo_password",
    "ansible_become_pass": "sudo_password",
    "ansible_sudo_pass": "sudo_password",
}
_SAME = {
    "ansible_become": (True, "true", "yes", 1),
    "ansible_become_method": ("sudo",),
    "ansible_become_user": ("root",),
    "ansible_connection": ("ssh", "smart", "paramiko", "paramiko_ssh"),
    "ansible_shell_type": ("sh",),
}
"""What is so here in any case."""
_ITS_OWN = ("ansible_python_interpreter", "ansible_ssh_pipelining")
"""What is Ansible's business alone."""


@dataclass(frozen=True, slots=True)
class HostVariables:
    """One host's."""

    reach: str
    """Name or address to connect to."""
    ssh: dict[str, object] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    """Variables that are not taken over, each with what to do."""


def host_variables(name: str, variables: Mapping[str, object]) -> HostVariables:
    """Take over what can be."""
    reach, ssh, left = name, dict[str, object](), dict[str, str]()
    for key, value in variables.items():
        text = str(value).strip()
        if key in _SECRETS:
            left[key] = f"write ssh: {{{_SECRETS[key]}: {{env: NAME}}}}, or {{file: PATH}}"
        elif key.startswith("ansible_") and (isinstance(value, dict) or value == VAULTED):
            left[key] = "in Ansible's vault, which is not opened"
        elif "{{" in text or "{%" in text:
            left[key] = "a template, which only Ansible can fill in"
        elif key in _HOST:
            reach = text or name
        elif key in _DIRECT and (taken := _direct(_DIRECT[key], text)) is not None:
            ssh[_DIRECT[key]] = taken
        elif key in _ARGUMENTS:
            settings, words = ssh_settings(text)
            ssh |= settings
            checks = [word for word in words if "stricthostkeychecking" in word.lower()]
            others = [word for word in words if word not in checks]
            said = ["host keys are checked here in any case"] if checks else []
            if others:
                said.append(f"no setting here is {', '.join(others)}; ~/.ssh/config may have it")
            if said:
                left[key] = "; ".join(said)
        elif not _known(key, value):
            left[key] = ""
    return HostVariables(reach, ssh, left)


def address_of(reach: str) -> str | None:
    """The text where it is an address."""
    try:
        return str(ip_address(reach))
    except ValueError:
        return None


def _direct(setting: str, text: str) -> object:
    if setting == "port":
        return int(text) if text.isdecimal() and 1 <= int(text) <= 65535 else None
    return text or None


def _known(key: str, value: object) -> bool:
    return key in _ITS_OWN or value in _SAME.get(key, ())
