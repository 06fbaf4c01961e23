"""Inventories of Ansible's: read here they say what Ansible itself reads out of them."""

import shutil
from pathlib import Path

import pytest

from provisioning.operations.init.ansible.ini import read_ini
from provisioning.operations.init.ansible.read import by_ansible, by_itself, read_ansible
from provisioning.operations.init.ansible.tree import AnsibleError
from provisioning.operations.init.ansible.yaml_form import read_yaml

_INI = """\
# A comment
; and another
bastion ansible_host=203.0.113.9

[lvs]
lvs[1:2] color='dark blue' # the two
[gpu_nodes:children]
a100
h100
[a100]
rs[001:003:2] size=big
rs-[a:b].example.com
[h100]
节点 ansible_host=192.168.1.103
192.168.1.104:2200
2001:db8::9
[a100:vars]
size = small
depth=child
flags=['x', 'y']
number=7
quoted="a b"
[gpu_nodes:vars]
depth=parent
only=parent   # said once
[all:vars]
depth=all
everywhere=yes
[zzz]
rs001
[zzz:vars]
last=z
ansible_group_priority=5
[aaa]
rs001
[aaa:vars]
last=a
[empty]
"""
_YAML = """\
all:
  vars: {depth: all, everywhere: true}
  hosts:
    bastion: {ansible_host: 203.0.113.9}
  children:
    lvs:
      hosts:
        lvs[1:2]:
    gpu_nodes:
      vars: {depth: parent}
      children:
        a100:
          hosts:
            rs[001:003]: {ansible_port: 2222}
            节点:
              ansible_host: 192.168.1.103
          vars: {depth: child}
        h100:
lonely:
  hosts: {other: {}}
"""


@pytest.mark.long
@pytest.mark.parametrize(("name", "text"), [("hosts", _INI), ("hosts.yml", _YAML)])
def test_it_reads_what_ansible_reads(name: str, text: str, tmp_path: Path) -> None:
    program = shutil.which("ansible-inventory")
    if program is None:
        pytest.skip("needs ansible-core (scripts/install)")
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    (own, said), theirs = by_itself(path), by_ansible(path, program)
    assert own.groups == theirs.groups
    assert own.variables == theirs.variables
    assert "read without Ansible" in said[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a\nb", "hosts:1: [a is no section"),
        ("[a:thing]", "it is hosts, vars or children"),
        ("\nrs1 a='b", "hosts:2: a quote is not closed"),
        ("rs1 word", "'word' is no KEY=VALUE"),
        ("[a:vars]\nword", "hosts:2: 'word' is no KEY=VALUE"),
        ("rs[9:1]", "runs backwards"),
        ("[a:children]\nb\n[b:children]\na", "the group a is within itself: a → b → a"),
    ],
)
def test_a_wrong_file_is_told_by_its_line(text: str, said: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        read_ini(text, "hosts")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "hosts.yml:"),
        ("- a", "the inventory is not lines of"),
        ("a: {host: {}}", "the group a has host; it takes hosts, vars, children"),
        ("a: {hosts: [b]}", "hosts of a is not lines"),
        ("a: {children: {b: {children: {a: {}}}}}", "is within itself"),
        ("a: {hosts: {'rs[1:x]': }}", "ends of different kinds"),
    ],
)
def test_a_wrong_yaml_is_told(text: str, said: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        read_yaml(text, "hosts.yml")
    assert said in str(caught.value)


def test_what_it_cannot_read_by_itself_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    (tmp_path / "program").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "sealed").write_text("$ANSIBLE_VAULT;1.1\n", encoding="utf-8")
    for name, said in {
        "program": "is a program: install ansible-core",
        "sealed": "is encrypted",
        ".": "is a folder: install ansible-core",
        "nowhere": "there is no",
    }.items():
        with pytest.raises(AnsibleError, match=said):
            read_ansible(tmp_path / name)
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "hosts").write_text("rs1\n", encoding="utf-8")
    assert "group_vars was not read" in read_ansible(tmp_path / "hosts")[1][1]


def test_a_program_that_is_not_ansible_is_told(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts"
    inventory.write_text("rs1\n", encoding="utf-8")
    program = tmp_path / "ansible-inventory"
    for script, said in {
        "echo nonsense": "ansible-inventory printed 'nonsense'",
        "echo why >&2; exit 3": "cannot read it: why",
        "echo '[WARNING]: Unable to parse it' >&2; echo '{}'": "Unable to parse",
    }.items():
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        with pytest.raises(AnsibleError, match=said.replace("[", r"\[")):
            by_ansible(inventory, str(program))
