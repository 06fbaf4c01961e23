"""Questions about HTTPS. Pure, but for a look whether files are here."""

import re
from collections.abc import Callable
from pathlib import Path

from ...model.paths import against, is_file
from ...roles.question import clean, is_none, split
from .topic import Known, Topic, says, takes

CLUSTER, ACME, FILES = "cluster", "acme", "files"
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*")
_KINDS = f"none, {CLUSTER}, {ACME}, {FILES}"


def names_of(answer: str) -> list[str]:
    """Names by which clients ask."""
    return [] if is_none(answer) else [clean(one) for one in split((answer,))]


def _is(*kinds: str) -> Callable[[Known], bool]:
    return lambda known: clean(known.answer("tls")) in kinds


def _kind_problem(answer: str, known: Known) -> str | None:
    word = clean(answer)
    if word == ACME and is_none(known.answer("vip")):
        return (
            "the authority's questions come to real servers by the directors' VIP, which edges "
            f"alone do not have: none, {CLUSTER} or {FILES}"
        )
    if is_none(word) or word in (CLUSTER, ACME, FILES):
        return None
    return f"{answer!r} is none of {_KINDS}"


def _names_problem(answer: str, known: Known) -> str | None:
    acme = clean(known.answer("tls")) == ACME
    if acme and not names_of(answer):
        return "a public certificate is for a name, such as tts.example.org"
    for name in names_of(answer):
        if len(name) > 253 or not _NAME.fullmatch(name):
            return f"{name!r} is no name, for example tts.example.org"
        if acme and name.startswith("*."):
            return f"{name} has to be proved in DNS: write tls.acme.dns_hook by hand (docs/tls.md)"
    return None


def _mail_problem(answer: str, _: Known) -> str | None:
    fits = re.fullmatch(r"[^@\s]+@[^@\s]+", clean(answer))
    return None if fits else f"{answer!r} is no mail address, for example ops@example.org"


def _file_problem(answer: str, known: Known) -> str | None:
    here = against(known.folder, Path(answer))
    return None if is_file(here) else f"there is no file {here}; in PEM, on this machine"


TLS = Topic(
    key="tls",
    option="--tls",
    metavar="KIND",
    help=f"HTTPS: {_KINDS}.",
    text=says(
        f"HTTPS (none; {CLUSTER}: an authority of the cluster's own; {ACME}: a public certificate, "
        f"Let's Encrypt's; {FILES}: a certificate that you have)"
    ),
    more="Without it keys and texts can be read on the way, and browsers give the page no "
    f"microphone. {CLUSTER} needs nothing, but clients have to be told to trust it. {ACME} needs a "
    "name that leads to the VIP and port 80 open from the internet (docs/tls.md).",
    default=takes("none"),
    problem=_kind_problem,
    about=("tls",),
)
TLS_NAMES = Topic(
    key="tls_names",
    option="--tls-name",
    metavar="NAME",
    help="A name by which clients ask; may be repeated.",
    text=says("Names by which clients ask, such as tts.example.org"),
    more="The certificate is for all of them. With none, clients of the cluster's own authority "
    "ask by the VIP's address.",
    default=lambda known: None if clean(known.answer("tls")) == ACME else "none",
    problem=_names_problem,
    applies=_is(CLUSTER, ACME, FILES),
    several=True,
    about=("tls.names",),
)
TLS_EMAIL = Topic(
    key="tls_email",
    option="--tls-email",
    metavar="ADDRESS",
    help="Mail address of the account at the authority (acme).",
    text=says("Mail address for the authority's notices"),
    more="The authority's directory is told it, and that its terms are agreed to.",
    default=lambda known: None if known.without("alerts_to") else known.answer("alerts_to"),
    problem=_mail_problem,
    applies=_is(ACME),
    about=("tls.acme",),
)
TLS_CERTIFICATE = Topic(
    key="tls_certificate",
    option="--tls-certificate",
    metavar="FILE",
    help="The certificate and those that vouch for it, in PEM (files).",
    text=says("The certificate, a PEM file on this machine"),
    more="First the certificate, then those that vouch for it; a relative path starts at the "
    "inventory's folder.",
    default=takes("certificate.pem"),
    problem=_file_problem,
    applies=_is(FILES),
    about=("tls.certificate",),
)
TLS_KEY = Topic(
    key="tls_key",
    option="--tls-key",
    metavar="FILE",
    help="Its private key, in PEM (files).",
    text=says("Its private key, a PEM file on this machine"),
    more="Without a password of its own, and readable by you alone (chmod 600).",
    default=takes("key.pem"),
    problem=_file_problem,
    applies=_is(FILES),
    about=("tls.key",),
)
