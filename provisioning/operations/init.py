"""An inventory to start from: a person's answers, and what every part of it is for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

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
# What is left out has a default. All keys and what they mean: cluster schema
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

_APP_NUMBERS = """\
  # Jobs at a time on a node, one worker process each; a real server may have its own number.
  workers: 1
  # Seconds after which a job is stopped.
  job_timeout: 60
"""

_ROBOT = """\
  # What speaks. Left out, a robot's voice does (eSpeak NG). docs/engines.md: cosyvoice3's needs.
  # engine: cosyvoice3
  # environment: {CUDA_VISIBLE_DEVICES: "0"}
"""

_COSYVOICE = """\
  # Its public repository and weights, which have to be on each real server: docs/engines.md.
  environment:
    COSYVOICE_REPOSITORY: /opt/CosyVoice
"""

_IMPORTED = """\
  # What the public repository imports stands in no extra: requirements, from docs/engines.md.
"""

VENV, WHEELHOUSE, AUTO = "venv", "wheelhouse", "auto"
COSYVOICE = ("cosyvoice2", "cosyvoice3")
"""Engines that drive the public repository."""
_EXTRAS = {"kokoro": "kokoro", **dict.fromkeys(COSYVOICE, "gpu")}
"""Of the project's metadata, by the engine that needs it."""


@dataclass(frozen=True, slots=True)
class InitAnswers:
    """The values that cannot be guessed."""

    vip: str
    interface: str
    hosts: Mapping[str, tuple[str, ...]]
    """Answers to the questions of roles, by the role's key."""
    ssh_user: str | None = None
    python: str = VENV
    """``VENV``, ``WHEELHOUSE`` or an interpreter's path on the real servers."""
    engine: str = AUTO


def questions() -> list[Question]:
    """Return what is asked about hosts, in order."""
    return [role.question for role in ROLES if role.question is not None]


def inventory_text(answers: InitAnswers) -> str:
    """The inventory with its comments. Raises ``AnswerError``."""
    sections = (one.section(answers.hosts[one.key]) for one in questions())
    parts = [
        _HEAD,
        f"{_VIP}vip: {scalar(answers.vip)}\n",
        f"{_INTERFACE}interface: {scalar(answers.interface)}\n",
        _ssh(answers.ssh_user),
        *(section for section in sections if section),
        _SERVICES,
        _VRRP,
        _app(answers.python, answers.engine),
    ]
    return "\n".join(parts)


def _ssh(user: str | None) -> str:
    if user is None:
        return f"{_SSH}# ssh:\n#   user: deploy\n#   key_file: ~/.ssh/id_ed25519\n"
    return f"{_SSH}ssh:\n  user: {scalar(user)}\n  # key_file: ~/.ssh/id_ed25519\n"


def _app(python: str, engine: str) -> str:
    return "".join([_APP_HEAD, _environment(python, engine), _APP_NUMBERS, _speaks(engine)])


def _environment(python: str, engine: str) -> str:
    if python not in (VENV, WHEELHOUSE):
        return f"{_PYTHON}  python: {scalar(python)}\n"
    extra = _EXTRAS.get(engine)
    parts = [f"extras: [{extra}]"] if extra else []
    parts += ["wheelhouse: true"] if python == WHEELHOUSE else []
    venv = f"{{{', '.join(parts)}}}" if parts else "true"
    imported = _IMPORTED if engine in COSYVOICE else ""
    return f"{_VENV}{imported}  venv: {venv}\n{_INSTEAD}"


def _speaks(engine: str) -> str:
    if engine == AUTO:
        return _ROBOT
    needs = ""
    if engine in COSYVOICE:
        needs = f"{_COSYVOICE}    COSYVOICE_MODEL_DIR: /opt/models/{engine}\n"
    return f"  # What speaks.\n  engine: {scalar(engine)}\n{needs}"
