"""Questions about who is told of alerts. Pure."""

import re

from ...roles.question import clean, is_none
from .topic import Known, Topic, says, takes

_MAIL = re.compile(r"[^\s@<>,;{}]+@[A-Za-z0-9.-]+")
_SERVER = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")


def _mail_problem(answer: str, _: Known) -> str | None:
    if is_none(answer) or _MAIL.fullmatch(clean(answer)):
        return None
    return f"{answer!r} is no mail address, for example ops@example.org; or none"


def _server_problem(answer: str, _: Known) -> str | None:
    fits = _SERVER.fullmatch(clean(answer))
    if fits and 1 <= int(fits[2]) <= 65535:
        return None
    return f"{answer!r} is not HOST:PORT, for example mail.example.org:587"


ALERTS_TO = Topic(
    key="alerts_to",
    option="--alerts-to",
    metavar="MAIL",
    help="Mail address that is told of alerts; or none.",
    text=says("Mail address that is told of alerts, or none"),
    more="With none `cluster alerts` shows them. Slack, WeCom, PagerDuty and webhooks are written "
    "by hand (docs/monitoring.md).",
    default=takes("none"),
    problem=_mail_problem,
    applies=lambda known: not known.without("monitoring"),
    about=("monitoring.receivers",),
)
MAIL_SERVER = Topic(
    key="mail_server",
    option="--mail-server",
    metavar="HOST:PORT",
    help="Mail server that takes it, over TLS.",
    text=says("Mail server that takes it, HOST:PORT"),
    more="Monitoring hosts speak SMTP with STARTTLS to it. An account there is written by hand: "
    "username, and password: {file: …} (docs/monitoring.md).",
    default=lambda known: f"mail.{clean(known.answer('alerts_to')).rpartition('@')[2]}:587",
    problem=_server_problem,
    applies=lambda known: not known.without("alerts_to"),
    about=("monitoring.receivers",),
)
