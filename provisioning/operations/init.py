"""An inventory to start from: a person's answers, and what every part of it is for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.engine_declaration import declaration
from ..node_api import READY
from ..roles.question import Question, scalar
from ..roles.registry import ROLES

_HEAD = """\
# The cluster, as `cluster deploy` will make it.
#
#   cluster validate   checks this file: every mistake at once, with line and fix
#   cluster plan       shows what would change on which host, and changes nothing
#   cluster deploy     shows the plan, asks, makes it so, and proves that it works
#
# What is left out has a default. All keys and what they mean: cluster explain
"""

_VIP = """\
# The address people open. It belongs to no machine: the master director holds it, and when that one
# fails the other takes it over. A free address of the hosts' own subnet.
"""

_INTERFACE = """\
# The network interface of every host (`ip -brief link` shows it). A group or a host may have its
# own: write interface: below it.
"""

_SSH = """\
# How to reach the hosts. What is left out comes from ~/.ssh/config and your agent. Passwords are
# not written here: password: {env: NAME}, {file: PATH}, or a !vault block of ansible-vault.
"""

_VRRP = """\
# How directors agree on who is master (VRRP).
vrrp:
  # 1 to 255, and not used by anything else on this network. Two clusters need two numbers.
  virtual_router_id: 51
  # Seconds between signs of life; three missed ones and the backup takes over. 0.2 makes that less
  # than a second.
  advert_interval: 1
"""

_SERVICES = f"""\
# What is balanced. Direct routing keeps the port as it is: the app listens on the same one.
services:
  - name: web
    port: 7860
    # rr: each in turn. wlc: the one with the fewest connections, for jobs of different length.
    # sh or mh: always the same node for a client, by its address. The nodes themselves see to it
    # that a page reaches the node of its session.
    scheduler: rr
    # A node that fails this is left out until it passes again. http asks the app itself; tcp only
    # whether the port is open, which it is on a node that hangs, too.
    check:
      type: http
      path: {READY}
      # Every 2 s; out after 3 failures: a silent node is noticed within 10 s.
      interval: 2
      timeout: 2
      retry: 2
      delay_before_retry: 1
"""

_FIREWALL = """\
# Hosts let in what the cluster needs, and nothing else (docs/network.md, Firewall). Where they
# serve more than this cluster, name that under open. A host that locks you out goes back by itself.
"""

_APP_HEAD = """\
# The app on the real servers.
app:
  # builtin, or what holds a Python package `app`: a folder, a wheel, a .tar.gz, .tgz or .zip, or a
  # git URL (with ref: a tag or commit).
  source: builtin
"""

_VENV = """\
  # Each release gets a Python environment of its own on the nodes, from what its source requires.
  # For nodes that reach no package index {wheelhouse: true}: this machine fetches the packages and
  # brings them.
"""

_PYTHON = """\
  # The interpreter there that has what the app needs, a venv's or conda's, where the user cosyvoice
  # can run it. Or venv: true, and each release gets an environment of its own.
"""

_INSTEAD = """\
  # Or an interpreter there that has what the app needs, a venv's or conda's, instead of venv:
  # python: /opt/cosyvoice/venv/bin/python
"""

_WORKERS = """\
  # Jobs at a time on a node, one worker process each; a real server may have its own number.
  workers: 1
"""

_TIMEOUT = """\
  # Seconds after which a job is stopped.
  job_timeout: 60
"""

_ROBOT = """\
  # What speaks. Left out, a robot's voice does (eSpeak NG). kokoro is natural, on CPUs; on GPUs
  # (docs/engines.md), instead of workers:
  # engine:
  #   name: cosyvoice3
  #   model: {modelscope: FunAudioLLM/Fun-CosyVoice3-0.5B-2512, revision: master}
  #   gpus: all
"""

_SPEAKS = """\
  # What speaks. What it needs is fetched once by this machine, checked, and brought to the nodes
  # with each release: docs/artifacts.md.
"""

_MODEL = """\
    # Also {huggingface: OWNER/NAME}, {path: FOLDER} on this machine, or {on_nodes: /PATH} where
    # every node has it. The first fetch writes down which bytes it is, in a file beside this one.
"""

_GPUS = """\
    # Every card of a node, with so many jobs at a time on each.
    gpus: all
    jobs_per_gpu: 1
"""

VENV, WHEELHOUSE, AUTO = "venv", "wheelhouse", "auto"
ON_NODES = "nodes:"
"""In front of a path that every node has."""


@dataclass(frozen=True, slots=True)
class InitAnswers:
    """The values that cannot be guessed."""

    vip: str | None
    """The directors'; None where edges are the only way in."""
    interface: str
    hosts: Mapping[str, tuple[str, ...]]
    """Answers to the questions of roles, by the role's key."""
    ssh_user: str | None = None
    python: str = VENV
    """``VENV``, ``WHEELHOUSE`` or an interpreter's path on the real servers."""
    engine: str = AUTO
    model: str | None = None
    """A hub that has it, a folder here, or a path behind ``ON_NODES``; only where the engine knows
    of none itself."""
    firewall: bool = False


def questions() -> list[Question]:
    """Return what is asked about hosts, in order."""
    return [role.question for role in ROLES if role.question is not None]


def inventory_text(answers: InitAnswers) -> str:
    """The inventory with its comments. Raises ``AnswerError``."""
    sections = (one.section(answers.hosts[one.key]) for one in questions())
    parts = [
        _HEAD,
        *([f"{_VIP}vip: {scalar(answers.vip)}\n"] if answers.vip else ()),
        f"{_INTERFACE}interface: {scalar(answers.interface)}\n",
        _ssh(answers.ssh_user),
        *(section for section in sections if section),
        *((_SERVICES, _VRRP) if answers.vip else (_VRRP.replace("directors", "edges"),)),
        f"{_FIREWALL}{'' if answers.firewall else '# '}firewall: true\n",
        _app(answers),
    ]
    return "\n".join(parts)


def _ssh(user: str | None) -> str:
    if user is None:
        return f"{_SSH}# ssh:\n#   user: deploy\n#   key_file: ~/.ssh/id_ed25519\n"
    return f"{_SSH}ssh:\n  user: {scalar(user)}\n  # key_file: ~/.ssh/id_ed25519\n"


def _app(answers: InitAnswers) -> str:
    workers = "" if for_gpus(answers.engine) else _WORKERS
    return "".join([_APP_HEAD, _environment(answers.python), workers, _TIMEOUT, _speaks(answers)])


def _environment(python: str) -> str:
    if python not in (VENV, WHEELHOUSE):
        return f"{_PYTHON}  python: {scalar(python)}\n"
    venv = "{wheelhouse: true}" if python == WHEELHOUSE else "true"
    return f"{_VENV}  venv: {venv}\n{_INSTEAD}"


def _speaks(answers: InitAnswers) -> str:
    name = answers.engine
    if name == AUTO:
        return _ROBOT
    own = f"{_MODEL}    model: {_model(name, answers.model)}\n" if answers.model else ""
    own += _GPUS if for_gpus(name) else ""
    if not own:
        return f"{_SPEAKS}  engine: {scalar(name)}\n"
    return f"{_SPEAKS}  engine:\n    name: {scalar(name)}\n{own}"


def _model(engine: str, answer: str) -> str:
    if answer in model_hubs(engine):
        return model_hubs(engine)[answer]
    if answer.startswith(ON_NODES):
        return f"{{on_nodes: {scalar(answer.removeprefix(ON_NODES))}}}"
    return f"{{path: {scalar(answer)}}}"


def for_gpus(engine: str) -> bool:
    """Tell whether the engine is made for GPUs."""
    declared = declaration(engine)
    return declared is not None and declared.for_gpus


def model_hubs(engine: str) -> dict[str, str]:
    """The hubs that have an engine's model, with the artifact for each; none where the engine knows
    of a place itself, or needs no model."""
    declared = declaration(engine)
    need = declared.artifacts.get("model") if declared else None
    if need is None or need.default is not None:
        return {}
    return {example.strip("{").partition(":")[0]: example for example in need.examples}
