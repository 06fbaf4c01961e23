"""``cluster init``: what is written is right, and nothing is written over."""

import fcntl
import json
import os
import pty
import shlex
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.engines.registry import BUILT_IN
from provisioning.cli import questionnaire
from provisioning.cli.commands.init import init, next_commands
from provisioning.cli.running import cluster
from provisioning.model.derived.way_in import way_in
from provisioning.model.engine_declaration import engine_names
from provisioning.model.firewall import Firewall
from provisioning.model.loader.load import load_inventory, read_inventory
from provisioning.operations.init.app_topics import ENGINE
from provisioning.operations.init.topic import Known
from provisioning.operations.init.topics import TOPICS

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
    result = _init(path, *_FLAGS, "--no-firewall")
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
    for flag, firewall in ("--no-firewall", None), ("--firewall", Firewall()):
        path = tmp_path / f"{flag}.yaml"
        assert _init(path, *_FLAGS, flag).exit_code == 0
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
    for flags, said in (
        (["--vip", "192.168.1.11"], "192.168.1.11 is the address of the host lvs1"),
        (["--real-server", "oops: ["], "--real-server: 'oops:' is no IP address"),
        (["--gpus", "many", "--engine", "cosyvoice3"], "--gpus: 'many' is no number of cards"),
        (["--tls", "acme"], "there is no terminal to ask on; give --tls-name"),
        (["--directors", "lvs"], "with --from-ansible; hosts are given by --director"),
        (["--tls", "ssl"], "--tls: 'ssl' is none of none, cluster, acme, files"),
        (["--tls", "files"], "give --tls-certificate (there is no file"),
    ):
        result = _init(path, *_FLAGS, *flags)
        assert result.exit_code == 2, result.output
        assert said in result.stderr
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
    assert result.exit_code == 2 and "edges are the only way in: at least one" in result.stderr


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
    assert result.exit_code == 2
    assert reason in result.stderr


def test_on_a_terminal_it_asks_explains_and_asks_again(tmp_path: Path) -> None:
    """A real terminal: every wrong answer costs that answer alone."""
    path = tmp_path / "inventory.yaml"
    answers = [
        *("bogus", "?", "１９２。１６８。１。１００"),
        *("192.168.1.11,bogus", "a=192.168.1.11 a=192.168.1.12", "192.168.1.11，192.168.1.12"),
        *("/x=192.168.1.101", "rs1=192.168.1.101、节点=192.168.1.102"),
        *("nowhere", "无"),
        *("192.168.1.51", "none"),
        "none",
        "none",
        *("-x", "a b", "deploy"),
        "no",
        *("eth 0", "eth0"),
        *("cosyvoice9", "cosyvoice3"),
        *("none", "2"),
        *("0", "2"),
        *("nowhere", "nodes:/mnt/models/three"),
        *("python3", ""),
        *("？", "cluster"),
        *("not a name!", "tts.example.org"),
        *("perhaps", "是"),
    ]
    said, status = _on_a_terminal([str(path)], answers)
    assert status == 0, said
    for problem in (
        "'bogus' is no IP address, for example 192.168.1.100",
        "The address people open. It belongs to no machine",
        "'bogus' is no IP address, for example 192.168.1.11",
        "two hosts are called a",
        "'/x' is no host's name",
        "'nowhere' is no IP address",
        "edges need one address to share",
        "'eth 0' is no interface's name",
        "'cosyvoice9' is none of them: auto, ",
        "'none' is no number of cards",
        "'0' is no number of jobs",
        "'nowhere' is neither modelscope, huggingface, a folder here",
        "'python3' is neither venv, wheelhouse nor a path",
        "'perhaps' is neither yes nor no",
        "cluster deploy -i",
    ):
        assert problem in said, problem
    assert said.count("is no user's name") == 2
    inventory = load_inventory(path)
    assert str(inventory.virtual_ips[0].address.ip) == "192.168.1.100"
    assert list(inventory.directors.hosts) == ["lvs1", "lvs2"]
    assert list(inventory.real_servers.hosts) == ["rs1", "rs2"]
    assert "rs2: 192.168.1.102  # 节点" in path.read_text("utf-8")
    assert inventory.storage is None and inventory.edges is None
    assert inventory.ssh.user == "deploy"
    app = inventory.app
    assert app.engine is not None and app.engine.name == "cosyvoice3" and app.venv is not None
    assert app.engine.model is not None and str(app.engine.model.on_nodes) == "/mnt/models/three"
    assert app.engine.jobs_per_gpu == 2
    assert inventory.real_servers.gpus is not None and inventory.real_servers.gpus.count == 2
    assert inventory.tls is not None and inventory.tls.names == ["tts.example.org"]
    assert inventory.firewall == Firewall()


def test_what_is_wrong_together_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer against another: both stay, but for the one that is to be corrected."""
    monkeypatch.setattr(questionnaire, "on_terminal", lambda: True)
    path = tmp_path / "i.yaml"
    flags = [*_FLAGS[2:], "--vip", "192.168.1.11", "--no-look", "--engine", "espeak"]
    hosts, rest = [""] * 4, [""] * 3
    corrected = [*hosts, "192.168.1.100", *rest]
    result = CliRunner().invoke(init, [str(path), *flags], input="\n".join(corrected) + "\n")
    assert result.exit_code == 0, result.output
    assert "192.168.1.11 is the address of the host lvs1" in result.stderr
    inventory = load_inventory(path)
    assert str(inventory.virtual_ips[0].address.ip) == "192.168.1.100"
    assert len(inventory.real_servers.hosts) == 3
    # Or the mistake is in another answer than the one that was told.
    corrected = [*hosts, "", "192.168.1.10 192.168.1.12", *[""] * 6, *rest]
    answers = "\n".join(corrected) + "\n"
    result = CliRunner().invoke(init, [str(path), *flags, "--force"], input=answers)
    assert result.exit_code == 0, result.output
    assert str(load_inventory(path).directors.hosts["lvs1"].address) == "192.168.1.10"


def test_every_question_explains_itself_and_is_documented() -> None:
    page = (_REPOSITORY / "docs/init.md").read_text("utf-8")
    for topic in TOPICS:
        assert len(topic.more) > 30 and topic.about, topic.key
        assert all(f"`{option}`" in page for option in topic.option.split("/")), topic.option


def test_groups_of_ansible_are_guessed_named_or_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    hosts, path = tmp_path / "hosts", tmp_path / "i.yaml"
    hosts.write_text(
        "[front]\nf1 ansible_host=192.168.1.11\nf2 ansible_host=192.168.1.12\n"
        "[gpus]\ng1 ansible_host=192.168.1.101\n[workers]\nw1 ansible_host=192.168.1.102\n",
        encoding="utf-8",
    )
    flags = ["--from-ansible", str(hosts), "--vip", "192.168.1.100"]
    for more, said in (
        ([], "gpus, workers may be the real servers; give --real-servers"),
        (["--real-servers", "none"], "give --director"),
        (["--directors", "back"], "there is no group back; there are: front (2), gpus (1)"),
    ):
        result = _init(path, *flags, *more)
        assert result.exit_code == 2 and said in result.output, result.output
    result = _init(path, *flags, "--directors", "front", "--real-servers", "workers")
    assert result.exit_code == 0, result.output
    assert list(load_inventory(path).real_servers.hosts) == ["w1"]
    # Hosts that options name are not taken from there.
    named = ["--director", "192.168.1.13", "--real-servers", "gpus", "--force"]
    assert _init(path, *flags, *named).exit_code == 0
    assert list(load_inventory(path).directors.hosts) == ["lvs1"]
    monkeypatch.setattr(questionnaire, "on_terminal", lambda: True)
    answers = ["nobody", "front", "workers"] + [""] * 7 + ["n"] + [""] * 6
    result = CliRunner().invoke(init, [str(path), *flags, "--force"], input="\n".join(answers))
    assert result.exit_code == 0, result.output
    assert "'nobody' is none of front, gpus, workers, none" in result.output
    inventory = load_inventory(path)
    assert [*inventory.directors.hosts, *inventory.real_servers.hosts] == ["f1", "f2", "w1"]


def test_an_end_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "inventory.yaml"
    said, status = _on_a_terminal([str(path)], ["192.168.1.100", "192.168.1.11"], "\x03")
    assert status == 130, said
    assert "Traceback" not in said and list(tmp_path.iterdir()) == []
    monkeypatch.setattr(questionnaire, "on_terminal", lambda: True)
    result = CliRunner().invoke(init, [str(path)], input="192.168.1.100\n192.168.1.11\n")
    assert result.exit_code == 1 and list(tmp_path.iterdir()) == []


def test_json_tells_what_was_written_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLUSTER_INVENTORY", raising=False)
    path = tmp_path / "my cluster.yaml"
    flags = ["--engine", "cosyvoice2", "--gpus", "4", "--tls-name", "tts.example.org"]
    result = _init(path, *_FLAGS, *flags, "--json")
    assert result.exit_code == 0, result.output
    assert "--tls-name counts for nothing with these answers" in result.stderr
    told = json.loads(result.stdout)
    assert told["path"] == str(path)
    assert told["hosts"]["storage"] == {"nas1": "192.168.1.20"}
    assert told["warnings"] == [] and told["seen"] == {} == told["unseen"]
    assert told["next"] == [f"cluster {name} -i '{path}'" for name in ("doctor", "plan", "deploy")]
    gpus = load_inventory(path).real_servers.gpus
    assert gpus is not None and gpus.count == 4


def test_the_next_commands_work_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLUSTER_INVENTORY", raising=False)
    for name in ("inventory.yaml", "-x.yaml", "-", "集群 'a'.yaml"):
        # Hosts that nobody reaches: what is wrong is no longer the command line.
        flags = ["--vip", "192.0.2.100", "--director", "192.0.2.11", "--real-server", "192.0.2.101"]
        assert CliRunner().invoke(init, [*flags, "--", name]).exit_code == 0
        _, plan, _ = next_commands(Path(name))
        assert plan == "cluster plan" if name == "inventory.yaml" else " -i " in plan
        words = shlex.split(plan)[1:]
        words = ["validate", *words[1:]]
        assert CliRunner().invoke(cluster, words).exit_code == 0, plan
    monkeypatch.setenv("CLUSTER_INVENTORY", "other.yaml")
    assert next_commands(Path("inventory.yaml"))[0] == "cluster doctor -i inventory.yaml"


def _on_a_terminal(arguments: list[str], answers: list[str], end: str = "") -> tuple[str, int]:
    """What was said on a terminal, and the status; answers are typed when they are asked for."""
    master, slave = pty.openpty()
    program = "import sys; sys.argv = ['cluster', 'init', *sys.argv[1:]]; "
    program += "from provisioning.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=_REPOSITORY,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(slave)
        said = ""
        for answer in [*(f"{one}\n" for one in answers), end]:
            # A signal before the prompt would be another test.
            said += _until_prompt(master)
            os.write(master, answer.encode())
        said += _until_closed(master)
        return said, process.wait(60)


def _until_prompt(descriptor: int) -> str:
    said = b""
    while not said.endswith(b": "):
        try:
            said += os.read(descriptor, 4096)
        except OSError:
            # It has ended: the rest of what it said tells why.
            break
    return said.decode("utf-8", "replace")


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
    assert all(name in ENGINE.text(Known()) for name in engine_names())


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
