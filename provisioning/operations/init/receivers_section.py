"""Receivers of alerts, as keys of the monitoring hosts. Pure."""

from collections.abc import Mapping

from ...roles.question import clean, is_none


def monitoring_settings(answers: Mapping[str, str]) -> dict[str, object]:
    """Keys of the group beside its hosts."""
    to = clean(answers.get("alerts_to", "none"))
    if is_none(to):
        return {}
    receiver = {
        "name": "ops",
        "type": "email",
        "to": [to],
        "sender": f"cosyvoice@{to.rpartition('@')[2]}",
        "smarthost": clean(answers["mail_server"]),
    }
    return {"receivers": [receiver]}
