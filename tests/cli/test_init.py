"""``cluster init``: what is written is right, and nothing is written over."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.engines.registry import BUILT_IN
from provisioning.cli.commands.init import _ENGINE_QUESTION, init
from provisioning.model.engine_declaration import engine_names
from provisioning.model.engine_needs import engine_extras
from provisioning.model.firewall import Firewall
from provisioning.model.loader.load import load_inventory, read_inventory
from provisioning.model.way_in import way_in

_REPOSITORY = Path(__file__).parents[2]
_FLAGS = [
    *("--vip", "192.168.1.100", "--interface", "eth0"),
    *("--director", "192.168.1.11", "--director", "192.168.1.12"),
    *("--real-server", "192.168.1.101", "--real-server", "192.168.1.102"),
    *("--real-server", "192.168.1.103", "--storage", "192.168.1.20"),
]


def _init(path: Path, *flags: str) -> Result:
    return CliRunner().invoke(init, [str(path), *flags])


def test_the_repositorys_inventory_is_what_init_writes(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, *_FLAGS)
    assert result.exit_code == 0, result.output
    assert path.read_text("utf-8") == (_REPOSITORY / "inventory.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "flags",
    [
        _FLAGS,
        [*_FLAGS[:-2], "--storage", "none"],
        [*_FLAGS[:-2], "--storage", "nas.example.com:/export/outputs", "--ssh-user", "deploy"],
        [*_FLAGS[:-2], "--storage", "files=192.168.1.20"],
        [
            *("--vip", "fd00::100/64", "--interface", "bond0.100"),
            *("--director", "east=fd00::1", "--director", "west=fd00::2"),
            *("--real-server", "fd00::a", "--storage", "[fd00::9]:/outputs"),
        ],
        [*_FLAGS, "--edge", "vip=192.168.1.110", "--edge", "192.168.1.51 west=192.168.1.52"],
    ],
    ids=["host", "none", "existing server", "named host", "IPv6", "edges"],
)
def test_what_is_written_has_nothing_wrong_with_it(flags: list[str], tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, *flags)
    assert result.exit_code == 0, result.output
    assert read_inventory(path).warnings == []


def test_a_firewall_is_there_for_who_asks_for_one(tmp_path: Path) -> None:
    for flags, firewall in ([], None), (["--firewall"], Firewall()):
        path = tmp_path / f"{len(flags)}.yaml"
        assert _init(path, *_FLAGS, *flags).exit_code == 0
        assert load_inventory(path).firewall == firewall


def test_names_are_given_or_taken(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    _init(path, *_FLAGS[:-2], "--storage", "none", "--director", "third=192.168.1.13")
    inventory = load_inventory(path)
    assert list(inventory.directors.hosts) == ["lvs1", "lvs2", "third"]
    assert list(inventory.real_servers.hosts) == ["rs1", "rs2", "rs3"]


def test_a_file_that_is_there_is_left_alone_without_force(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text("mine", encoding="utf-8")
    result = _init(path, *_FLAGS)
    assert result.exit_code == 1
    assert "--force overwrites it" in result.output
    assert path.read_text("utf-8") == "mine"
    assert _init(path, *_FLAGS, "--force").exit_code == 0
    assert path.read_text("utf-8") != "mine"


def test_wrong_answers_write_nothing_and_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, "--vip", "192.168.1.11", *_FLAGS[2:], "--real-server", "oops: [")
    assert result.exit_code == 2
    assert "192.168.1.11 is the address of the host lvs1" in result.stderr
    assert "rs4: not an IP address" in result.stderr
    assert "Nothing was written" in result.stderr
    assert not path.exists()


def test_two_hosts_of_one_name_are_refused(tmp_path: Path) -> None:
    result = _init(tmp_path / "i.yaml", *_FLAGS, "--director", "lvs1=192.168.1.13")
    assert result.exit_code == 2
    assert "two hosts are called lvs1" in result.stderr


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["192.168.1.51"], "edges need one address to share: vip=192.168.1.110"),
        (["vip=192.168.1.110", "vip=192.168.1.111", "192.168.1.51"], "edges need one address"),
        (["vip=192.168.1.110"], "at least one address of their own"),
    ],
)
def test_edges_have_a_vip_and_hosts(tmp_path: Path, answers: list[str], said: str) -> None:
    flags = [word for answer in answers for word in ("--edge", answer)]
    result = _init(tmp_path / "i.yaml", *_FLAGS, *flags)
    assert result.exit_code == 2
    assert said in result.stderr


def test_edges_are_what_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, *_FLAGS, "--edge", "vip=192.168.1.110、192.168.1.51，west=192.168.1.52")
    assert result.exit_code == 0, result.output
    edges = load_inventory(path).edges
    assert edges is not None and str(edges.vip.address.ip) == "192.168.1.110"
    assert list(edges.hosts) == ["edge1", "west"]


@pytest.mark.parametrize("said", [[], ["--vip", "none", "--director", "无"]])
def test_edges_may_be_the_only_way_in(said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    flags = ["--interface", "eth0", "--real-server", "192.168.1.101,192.168.1.102", *said]
    result = _init(path, *flags, "--edge", "vip=192.168.1.110 192.168.1.51 192.168.1.52")
    assert result.exit_code == 0, result.output
    reading = read_inventory(path)
    assert reading.warnings == [] and way_in(reading.inventory) == ["edge1", "edge2"]


def test_without_edges_there_has_to_be_a_vip(tmp_path: Path) -> None:
    flags = ["--interface", "eth0", "--real-server", "192.168.1.101", "--vip", "none"]
    assert "give --edge" in _init(tmp_path / "i.yaml", *flags).stderr
    result = _init(tmp_path / "i.yaml", *flags, "--edge", "none")
    assert result.exit_code == 2 and "the cluster has no virtual IP" in result.stderr


def test_without_a_terminal_it_says_which_option_is_missing(tmp_path: Path) -> None:
    result = _init(tmp_path / "i.yaml", "--vip", "192.168.1.100")
    assert result.exit_code == 2
    assert "there is no terminal to ask on; give --director" in result.stderr


@pytest.mark.parametrize(
    ("path", "reason"),
    [("folder", "is a folder"), ("no/where.yaml", "cannot write")],
)
def test_a_place_that_cannot_be_written_is_named(path: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    result = _init(tmp_path / path, *_FLAGS)
    assert result.exit_code == 1
    assert reason in result.stderr


def test_on_a_terminal_it_asks_and_takes_a_chinese_keyboards_signs(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    answers = [
        "１９２。１６８。１。１００",
        "",
        "192.168.1.11，192.168.1.12",
        "rs1=192.168.1.101、192.168.1.102",
        *("无", "无", "无"),
        *("", "", ""),
    ]
    master, slave = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "from provisioning.cli.commands.init import init; init()",
        str(path),
    ]
    with subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=_REPOSITORY,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ) as process:
        os.close(slave)
        os.write(master, ("\n".join(answers) + "\n").encode())
        said = _until_closed(master)
        assert process.wait(60) == 0, said
    assert "Virtual IP" in said
    inventory = load_inventory(path)
    assert str(inventory.virtual_ips[0].address.ip) == "192.168.1.100"
    assert list(inventory.directors.hosts) == ["lvs1", "lvs2"]
    assert list(inventory.real_servers.hosts) == ["rs1", "rs2"]
    assert inventory.storage is None


def test_a_wrong_answer_is_asked_again_and_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    answers = [
        *("bogus", "192.168.1.100", "eth 0", "eth0"),
        *("192.168.1.11,bogus", "a=192.168.1.11 a=192.168.1.12", "192.168.1.11,192.168.1.12"),
        *("192.168.1.101", "nowhere", "none"),
        *("192.168.1.51", "none"),
        "none",
        *("-x", "a b", "deploy"),
        *("cosyvoice9", "cosyvoice3"),
        *("nowhere", "nodes:/mnt/models/three"),
        *("python3", ""),
    ]
    master, slave = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "from provisioning.cli.commands.init import init; init()",
        str(path),
    ]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=_REPOSITORY
    ) as process:
        os.close(slave)
        os.write(master, ("\n".join(answers) + "\n").encode())
        said = _until_closed(master)
        assert process.wait(60) == 0, said
    assert said.count("bogus' is no IP address") == 2
    assert "two hosts are called a" in said
    assert "edges need one address to share" in said
    assert said.count("is no user's name") == 2
    assert "'cosyvoice9' is none of them" in said
    assert "'python3' is neither venv, wheelhouse nor a path" in said
    inventory = load_inventory(path)
    assert list(inventory.directors.hosts) == ["lvs1", "lvs2"]
    assert inventory.edges is None
    assert inventory.ssh.user == "deploy"
    assert "'nowhere' is neither modelscope, huggingface, a folder here" in said
    app = inventory.app
    assert app.engine is not None and app.engine.name == "cosyvoice3" and app.venv is not None
    assert app.engine.model is not None and str(app.engine.model.on_nodes) == "/mnt/models/three"


@pytest.mark.parametrize("engine", ["auto", *engine_names()])
@pytest.mark.parametrize("python", ["venv", "wheelhouse", "/opt/conda/bin/python"])
def test_every_engine_with_every_environment_is_right(
    engine: str, python: str, tmp_path: Path
) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, *_FLAGS, "--engine", engine, "--python", python)
    assert result.exit_code == 0, result.output
    reading = read_inventory(path)
    assert reading.warnings == []
    app = reading.inventory.app
    assert (app.engine.name if app.engine else "auto") == engine
    assert (app.venv is None) is python.startswith("/")
    if app.venv is not None:
        assert app.venv.wheelhouse is (python == "wheelhouse")
        wanted = {"kokoro": "kokoro", "cosyvoice2": "cosyvoice-cuda12"}
        wanted["cosyvoice3"] = wanted["cosyvoice2"]
        assert engine_extras(app) == ([wanted[engine]] if engine in wanted else [])


@pytest.mark.parametrize("answer", ["modelscope", "huggingface", ".", "nodes:/srv/weights"])
def test_weights_come_from_where_they_are_said_to_be(answer: str, tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    result = _init(path, *_FLAGS, "--engine", "cosyvoice3", "--model", answer)
    assert result.exit_code == 0, result.output
    reading = read_inventory(path)
    assert reading.warnings == []
    engine = reading.inventory.app.engine
    assert engine is not None and engine.model is not None and engine.gpus == "all"
    kinds = {".": "path", "nodes:/srv/weights": "on_nodes"}
    assert engine.model.kind == kinds.get(answer, answer)


def test_the_engines_that_it_offers_are_those_of_the_app() -> None:
    assert engine_names() == [point.name for point in BUILT_IN]
    assert all(name in _ENGINE_QUESTION for name in engine_names())


def test_an_option_takes_a_list_as_the_prompt_does_and_choices_are_told(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    flags = ["--vip", "192.168.1.100", "--director", "192.168.1.11,192.168.1.12"]
    result = _init(path, *flags, "--real-server", "192.168.1.101")
    assert result.exit_code == 0, result.output
    assert list(load_inventory(path).directors.hosts) == ["lvs1", "lvs2"]
    assert "eth0 (--interface)" in result.stderr and "none (--storage)" in result.stderr


def _until_closed(descriptor: int) -> str:
    said = b""
    try:
        while chunk := os.read(descriptor, 4096):
            said += chunk
    except OSError:
        # The terminal's other end is gone.
        pass
    finally:
        os.close(descriptor)
    return said.decode("utf-8", "replace")
