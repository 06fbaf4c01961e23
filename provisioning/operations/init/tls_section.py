"""HTTPS in the inventory, with comments. Pure."""

from collections.abc import Mapping

from ...roles.flow import flow
from ...roles.question import clean, is_none
from .tls_topics import ACME, CLUSTER, names_of

_COMMENT = """\
# HTTPS, ended on the real servers (docs/tls.md). Without it keys and texts can be read on the way.
"""
_NONE = """\
# tls:
#   authority: cluster    # or acme: {email: ADDRESS}, or certificate: FILE and key: {file: FILE}
#   names: [tts.example.org]
"""


def tls_section(answers: Mapping[str, str]) -> str:
    """The section; in comments alone where there is to be none."""
    kind = clean(answers["tls"])
    if is_none(kind):
        return f"{_COMMENT}{_NONE}"
    if kind == CLUSTER:
        settings: dict[str, object] = {"authority": "cluster"}
    elif kind == ACME:
        settings = {"acme": {"email": clean(answers["tls_email"])}}
    else:
        key = {"file": answers["tls_key"]}
        settings = {"certificate": answers["tls_certificate"], "key": key}
    if names := names_of(answers["tls_names"]):
        settings["names"] = names
    return f"{_COMMENT}tls:\n" + "".join(f"  {k}: {flow(v)}\n" for k, v in settings.items())
