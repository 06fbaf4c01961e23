"""The commands of each contender, all with the same hosts at a time."""

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import yaml

from benchmarks.fleet.hosts import Hosts
from benchmarks.fleet.work import FILES, FOLDERS, write_sources

HERE = Path(__file__).parent


def peers() -> Path:
    """The programs of the pinned versions, in an environment of their own."""
    folder = HERE / ".venv"
    if not (folder / "bin" / "pyinfra").exists():
        print("installing Ansible and pyinfra", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "-q", "-r", str(HERE / "requirements.txt")]
        subprocess.run(pip, check=True)
    return folder / "bin"


class Contender(ABC):
    """One program, with what it has to be given for these hosts in a folder of its own."""

    title: str

    def __init__(self, hosts: Hosts, forks: int, folder: Path) -> None:
        self._hosts, self._forks, self._folder = hosts, forks, folder
        folder.mkdir()
        self.environment = dict(os.environ)

    @abstractmethod
    def deploy(self) -> list[str]:
        """The command that puts the work there."""

    @abstractmethod
    def exec(self) -> list[str]:
        """The command that runs `true` on each host."""


class Ours(Contender):
    """This project."""

    title = "cluster"

    def __init__(self, hosts: Hosts, forks: int, folder: Path) -> None:
        super().__init__(hosts, forks, folder)
        inventory = {
            "forks": forks,
            "interface": "eth0",
            "vip": "10.0.9.250/16",
            "directors": {"hosts": {"lvs1": "10.0.9.1"}},
            "ssh": {
                "user": "root",
                "key_file": str(hosts.key),
                "known_hosts_file": str(hosts.known_hosts),
                "connect_timeout": 60,
            },
            "real_servers": {
                "hosts": {
                    name: {
                        "address": f"10.0.{number // 250}.{number % 250 + 1}",
                        "ssh": {"host": "127.0.0.1", "port": port},
                    }
                    for number, (name, port) in enumerate(hosts.ports.items())
                }
            },
        }
        self._inventory = folder / "inventory.yaml"
        self._inventory.write_text(yaml.safe_dump(inventory, sort_keys=False))

    def deploy(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.fleet.ours", str(self._inventory)]

    def exec(self) -> list[str]:
        cluster = [sys.executable, "-m", "provisioning", "exec", "-i", str(self._inventory)]
        return [*cluster, "real_servers", "--", "true"]


class Pyinfra(Contender):
    """pyinfra, with files compared by their checksums as it does."""

    title = "pyinfra"

    def __init__(self, hosts: Hosts, forks: int, folder: Path) -> None:
        super().__init__(hosts, forks, folder)
        sources = write_sources(folder / "files")
        shared = {
            "ssh_hostname": "127.0.0.1",
            "ssh_user": "root",
            "ssh_key": str(hosts.key),
            "ssh_known_hosts_file": str(hosts.known_hosts),
            "ssh_strict_host_key_checking": "yes",
            "ssh_config_file": "/dev/null",
            "ssh_connect_retries": 0,
            "ssh_paramiko_connect_kwargs": {"timeout": 60, "banner_timeout": 60},
        }
        listed = [(name, {**shared, "ssh_port": port}) for name, port in hosts.ports.items()]
        (folder / "inventory.py").write_text(f"hosts = {listed!r}\n")
        folders = [f"files.directory(path={path!r}, mode='755')" for path in FOLDERS]
        files = [
            f"files.put(src={str(sources[path])!r}, dest={path!r}, mode='644', user='root')"
            for path in FILES
        ]
        lines = ["from pyinfra.operations import files", *folders, *files]
        (folder / "deploy.py").write_text("\n".join(lines) + "\n")

    def deploy(self) -> list[str]:
        return self._command(str(self._folder / "deploy.py"))

    def exec(self) -> list[str]:
        return self._command("exec", "--", "true")

    def _command(self, *words: str) -> list[str]:
        program = str(HERE / ".venv" / "bin" / "pyinfra")
        inventory = str(self._folder / "inventory.py")
        return [program, "-y", "--parallel", str(self._forks), inventory, *words]


class Ansible(Contender):
    """Ansible at its fastest settings: one SSH connection a host, no copy of each module."""

    title = "ansible"

    def __init__(self, hosts: Hosts, forks: int, folder: Path) -> None:
        super().__init__(hosts, forks, folder)
        sources = write_sources(folder / "files")
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(hosts.key),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={hosts.known_hosts}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        listed = {name: {"ansible_port": port} for name, port in hosts.ports.items()}
        inventory = {"all": {"vars": variables, "hosts": listed}}
        (folder / "hosts.json").write_text(json.dumps(inventory))
        tasks: list[dict[str, object]] = [
            {"ansible.builtin.file": {"path": path, "state": "directory", "mode": "0755"}}
            for path in FOLDERS
        ]
        tasks += [
            {
                "ansible.builtin.copy": {
                    "src": str(sources[path]),
                    "dest": path,
                    "mode": "0644",
                    "owner": "root",
                }
            }
            for path in FILES
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (folder / "playbook.json").write_text(json.dumps(play))
        sockets = folder / "s"
        self.environment |= {
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_HOST_KEY_CHECKING": "1",
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=10s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
            "ANSIBLE_TIMEOUT": "60",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": "/dev/null",
        }

    def deploy(self) -> list[str]:
        return [*self._command("ansible-playbook"), str(self._folder / "playbook.json")]

    def exec(self) -> list[str]:
        return [*self._command("ansible"), "all", "-m", "raw", "-a", "true"]

    def _command(self, program: str) -> list[str]:
        return [str(HERE / ".venv" / "bin" / program), "-i", str(self._folder / "hosts.json")]


CONTENDERS: tuple[type[Contender], ...] = (Ours, Pyinfra, Ansible)
