"""An inventory to start from: a person's answers, and what every part of it is for. Pure."""

from ...node_api import READY
from ...roles.flow import flow, scalar
from ...roles.question import clean, is_none
from ...roles.real_server.real_server import REAL_SERVERS
from .app_section import app_section
from .draft import Draft, host_keys, real_server_settings, service_manager
from .members import questions
from .network_topics import OWN_USER
from .receivers_section import monitoring_settings
from .tls_section import tls_section
from .topic import YES, truth

_HEAD = """\
# The cluster, as `cluster deploy` will make it.
#
#   cluster validate   checks this file: every mistake at once, with line and fix
#   cluster doctor     looks what is wrong on the hosts and their network, and changes nothing
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

_MANAGER = """\
# What keeps services running there: these hosts have no systemd.
service_manager: supervisor
"""


def inventory_text(draft: Draft) -> str:
    """The inventory with its comments. Raises ``AnswerError``."""
    answers = draft.answers
    vip = answers["vip"]
    keys = host_keys(draft)
    sections = (
        one.section(answers[one.key], keys, _settings(draft, one.key)) for one in questions()
    )
    firewall = truth(answers["firewall"]) == YES
    parts = [
        _HEAD,
        *([f"{_VIP}vip: {scalar(clean(vip))}\n"] if not is_none(vip) else ()),
        f"{_INTERFACE}interface: {scalar(clean(answers['interface']))}\n",
        _ssh(draft),
        *([_MANAGER] if service_manager(draft) else ()),
        *(section for section in sections if section),
        *((_VRRP.replace("directors", "edges"),) if is_none(vip) else (_SERVICES, _VRRP)),
        tls_section(answers),
        f"{_FIREWALL}{'' if firewall else '# '}firewall: true\n",
        app_section(answers),
    ]
    return "\n".join(parts)


def _settings(draft: Draft, key: str) -> dict[str, object]:
    """Keys of a group beside its hosts."""
    if key == REAL_SERVERS.key:
        return real_server_settings(draft)
    return monitoring_settings(draft.answers) if key == "monitoring" else {}


def _ssh(draft: Draft) -> str:
    user = draft.answers["ssh_user"]
    settings = dict(draft.ssh) if user == OWN_USER else {"user": clean(user), **draft.ssh}
    if not settings:
        return f"{_SSH}# ssh:\n#   user: deploy\n#   key_file: ~/.ssh/id_ed25519\n"
    hint = "" if "key_file" in settings else "  # key_file: ~/.ssh/id_ed25519\n"
    lines = "".join(f"  {key}: {flow(value)}\n" for key, value in settings.items())
    return f"{_SSH}ssh:\n{lines}{hint}"
