"""Questions about the network and the way to the hosts. Pure."""

import re
from ipaddress import ip_interface

from ...roles.director.director import DIRECTORS
from ...roles.edge.edge import EDGES
from ...roles.question import clean, is_none
from .seen import usual_interface
from .topic import NO, YES, Known, Topic, says, takes, truth

OWN_USER = "from ~/.ssh/config"


def _vip_default(known: Known) -> str | None:
    """None at all where edges are named and directors are not."""
    alone = known.without(DIRECTORS.key) and not known.without(EDGES.key)
    return "none" if alone else known.defaults.get("vip")


def _vip_problem(answer: str, _: Known) -> str | None:
    if is_none(answer):
        return None
    try:
        ip_interface(clean(answer))
    except ValueError:
        return f"{answer!r} is no IP address, for example 192.168.1.100"
    return None


def _interface_problem(answer: str, _: Known) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", clean(answer)):
        return None
    return f"{answer!r} is no interface's name, for example eth0"


def _user_problem(answer: str, _: Known) -> str | None:
    if answer == OWN_USER or re.fullmatch(r"[^\W-][^\s:/]*", clean(answer)):
        return None
    return f"{answer!r} is no user's name, for example root or deploy"


VIP = Topic(
    key="vip",
    option="--vip",
    metavar="ADDRESS",
    help="The directors' virtual IP; or none, where edges are the only way in.",
    text=says(
        "Virtual IP, a free address of the hosts' subnet, or none where edges are the only way in"
    ),
    more="The address people open. It belongs to no machine: the master director holds it, and "
    "another takes it over when that one fails. An address of the hosts' own subnet that nothing "
    "uses and no DHCP server gives away, such as 192.168.1.100.",
    default=_vip_default,
    problem=_vip_problem,
    about=("vip", "vips", "vrrp"),
)
SSH_USER = Topic(
    key="ssh_user",
    option="--ssh-user",
    metavar="NAME",
    help="Who logs in, root or with sudo.",
    text=says("SSH user, root or with sudo"),
    more="The account on every host: root, or one that may use sudo. Keys come from your agent and "
    "~/.ssh, as ssh(1) finds them; passwords are not asked for here (README, ssh: {password: …}).",
    default=lambda known: known.defaults.get("ssh_user", OWN_USER),
    problem=_user_problem,
    about=("ssh.user",),
)
INTERFACE = Topic(
    key="interface",
    option="--interface",
    metavar="NAME",
    help="Network interface of the hosts.",
    text=says("Network interface of the hosts"),
    more="The one that has a host's address; `ip -brief link` shows it there. Hosts that were "
    "looked at and have another get their own in the inventory.",
    default=lambda known: usual_interface(known.seen) or known.defaults.get("interface", "eth0"),
    problem=_interface_problem,
    about=("interface",),
)
FIREWALL = Topic(
    key="firewall",
    option="--firewall/--no-firewall",
    metavar=None,
    help="Close what the cluster does not need on its hosts (nftables).",
    text=says("Firewall on every host: let in what the cluster needs, and SSH, and nothing else"),
    more="A table of nftables of its own; others stay as they are. A host that locks you out goes "
    "back by itself. Hosts that serve more than this cluster need that named under firewall: "
    "{open: …} first (docs/network.md).",
    default=takes(YES),
    problem=lambda answer, _: None if truth(answer) else f"{answer!r} is neither {YES} nor {NO}",
    yes_no=True,
    about=("firewall",),
)
