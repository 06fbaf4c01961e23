"""What an inventory of Ansible's says, as answers and SSH settings; what it cannot say is named."""

import pytest

from provisioning.operations.init.ansible.ini import read_ini
from provisioning.operations.init.ansible.roles import guessed, narrowed
from provisioning.operations.init.ansible.ssh_arguments import jump_of, ssh_settings
from provisioning.operations.init.ansible.takeover import TakenOver, take_over
from provisioning.operations.init.ansible.tree import AnsibleError
from provisioning.operations.init.ansible.variables import host_variables
from provisioning.operations.init.members import questions

_HOSTS = """\
[balancers]
lvs1 ansible_host=192.168.1.11
lvs2 ansible_host=192.168.1.12 ansible_user=other
[gpu]
rs1 ansible_host=gpu1.example.com http_port=80
节点 ansible_host=192.168.1.102
10.0.0.3 ansible_port=2222
[nfs]
lvs1
[all:vars]
ansible_user=deploy
ansible_ssh_private_key_file=~/.ssh/id
ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q -p 2222 ops@bastion" -o Foo=bar'
ansible_become_password=hunter2
[others]
away
"""
_ROLES = {"directors": "balancers", "real_servers": "gpu", "storage": "nfs"}


def _taken(text: str = _HOSTS, roles: dict[str, str] | None = None) -> TakenOver:
    names = {"gpu1.example.com": "192.168.1.101"}
    ansible = read_ini(text, "hosts")
    return take_over(ansible, roles or _ROLES, questions(), names.get, str, "hosts")


def test_hosts_and_the_way_to_them_are_taken_over() -> None:
    taken = _taken()
    assert taken.answers == {
        "directors": "lvs1=192.168.1.11 lvs2=192.168.1.12",
        "real_servers": "rs1=192.168.1.101 节点=192.168.1.102 10.0.0.3",
        "storage": "lvs1=192.168.1.11",
        "ssh_user": "deploy",
    }
    assert taken.ssh == {"key_file": "~/.ssh/id", "jump": "ops@bastion:2222"}
    assert taken.own_ssh == {
        "lvs2": {"user": "other"},
        "rs1": {"host": "gpu1.example.com"},
        "rs3": {"port": 2222},
    }


def test_what_is_not_taken_over_is_named_and_no_secret_is_shown() -> None:
    said = "\n".join(_taken().said)
    assert "real_servers: the group gpu (rs1, 节点, 10.0.0.3)" in said
    assert "ansible_become_password" in said and "sudo_password: {env: NAME}" in said
    assert "no setting here is -o Foo;" in said
    assert "nothing here reads them: http_port" in said
    assert "no role here: away" in said
    assert "hunter2" not in said


def test_hosts_without_an_address_are_told_at_once() -> None:
    with pytest.raises(AnsibleError, match=r"of a, b \(b.example\): write ansible_host=ADDRESS"):
        _taken("[gpu]\na\nb ansible_host=b.example\n", {"real_servers": "gpu"})


def test_a_host_with_two_roles_has_one_name() -> None:
    text = "[gpu]\na ansible_host=10.0.0.1\n节 ansible_host=10.0.0.2\n[nfs]\n节\n"
    taken = _taken(text, {"real_servers": "gpu", "storage": "nfs"})
    assert taken.answers["storage"] == "rs2=10.0.0.2"


def test_variables_that_only_ansible_understands_are_left() -> None:
    found = host_variables(
        "rs1",
        {
            "ansible_host": "{{ lookup('x') }}",
            "ansible_connection": "local",
            "ansible_become": True,
            "ansible_user": {"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256"},
            "ansible_ssh_common_args": "-o ProxyCommand='sshpass -p hunter2 ssh b -W %h:%p'",
            "ansible_become_method": "su",
            "ansible_port": "99999",
            "ansible_python_interpreter": "/usr/bin/python3",
        },
    )
    assert found.reach == "rs1" and found.ssh == {}
    assert [*found.left] == [
        *("ansible_host", "ansible_connection", "ansible_user", "ansible_ssh_common_args"),
        *("ansible_become_method", "ansible_port"),
    ]
    assert "-o ProxyCommand" in found.left["ansible_ssh_common_args"]
    assert "hunter2" not in str(found)


def test_arguments_of_ssh_are_understood_where_they_can_be() -> None:
    for text, settings in {
        "-J ops@b:22,c": {"jump": "ops@b:22,c"},
        "-oProxyJump=b": {"jump": "b"},
        "-o 'ProxyJump b'": {"jump": "b"},
        "-o ProxyJump=none": None,
        "-o ProxyCommand='ssh -l ops b -W %h:%p'": {"jump": "ops@b"},
        "-o ProxyCommand='nc %h %p'": None,
        "-F ssh_config -i key -p 2222 -l me": {
            **{"config_file": "ssh_config", "key_file": "key", "port": 2222, "user": "me"},
        },
        "-o ConnectTimeout=5 -o ServerAliveInterval=9": {"connect_timeout": 5, "keepalive": 9},
        "-o UserKnownHostsFile=/dev/null": None,
        "-o UserKnownHostsFile=hosts -o ControlMaster=auto": {"known_hosts_file": "hosts"},
        "-v": None,
        "-o 'open": None,
    }.items():
        found, left = ssh_settings(text)
        assert (found, bool(left)) == (settings or {}, settings is None), text
    for command in ("ssh b", "ssh -W %h:%p", "ssh -W %h:%p -i key b", "ssh -W x:1 b", "ssh 'b", ""):
        assert jump_of(command) is None, command


def test_groups_are_known_by_their_names() -> None:
    groups = {
        **{"LVS": ("a",), "gpu-nodes": ("b", "c"), "a100": ("b",), "workers": ("b",)},
        **{"nfs": ("d",), "edge": ("e",), "监控": ("f",), "loghost": ("g",), "db": ("h",)},
    }
    found = guessed(groups, [one.key for one in questions()])
    assert found == {
        "directors": ["LVS"],
        "real_servers": ["gpu-nodes", "workers"],
        "storage": ["nfs"],
        "edges": ["edge"],
        "monitoring": ["监控"],
        "logs": ["loghost"],
    }
    # One within another is no second choice; one that is called as the role is wins.
    assert narrowed(found["real_servers"], groups) == ["gpu-nodes"]
    assert guessed([*groups, "directors"], ["directors"]) == {"directors": ["directors"]}
