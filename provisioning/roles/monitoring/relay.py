"""The relay on a monitoring host: what Alertmanager posts to it, it tells DingTalk and Feishu."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

from ...model.secrets.secret import reveal
from ...model.watching.monitoring import Monitoring
from ...places import ALERT_RELAY, ALERT_RELAY_FOLDER, ALERT_RELAY_PROGRAM
from ...resources.base import Handler, Postcondition, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.package import Packages
from ...resources.service import Service, restart
from ...resources.user import User
from ..role_host import RoleHost

_CONF = f"{ALERT_RELAY_FOLDER}/bots.json"


def relay(host: RoleHost, monitoring: Monitoring) -> list[Resource]:
    """All of it; nothing where no receiver needs it. It goes before Alertmanager, which is told of
    it."""
    if not monitoring.bots:
        return []
    # Nobody's work is disturbed by it: Alertmanager tries again.
    again = (replace(restart(ALERT_RELAY, host.manager), disturbs=False),)
    source = resources.files(__package__) / "relay_program.py"
    program = f"#!/usr/bin/python3 -I\n{source.read_text('utf-8')}"
    return [
        Packages(names=("python3",)),
        User(name=ALERT_RELAY, home="/nonexistent"),
        Directory(path=ALERT_RELAY_FOLDER.rpartition("/")[0]),
        Directory(path=ALERT_RELAY_FOLDER, mode=0o750, group=ALERT_RELAY),
        *_files(monitoring, again),
        File(path=ALERT_RELAY_PROGRAM, content=program, mode=0o755, triggers=again),
        host.unit(ALERT_RELAY, again, script=ALERT_RELAY_PROGRAM, conf=_CONF, user=ALERT_RELAY),
        Service(name=ALERT_RELAY, manager=host.manager),
    ]


def _files(monitoring: Monitoring, again: tuple[Handler, ...]) -> Iterator[File]:
    """Its configuration, and before it the secrets that it names."""
    bots: dict[str, dict[str, str]] = {}
    for one in monitoring.bots:
        bots[one.name] = {"kind": one.type}
        for key, source in (("url", one.url), ("secret", one.secret)):
            if source is None:
                continue
            path = f"{ALERT_RELAY_FOLDER}/{one.name}-{key}"
            bots[one.name][f"{key}_file"] = path
            yield File(
                path=path,
                content=reveal(source, Path()),
                mode=0o640,
                group=ALERT_RELAY,
                sensitive=True,
                triggers=again,
            )
    settings = {"port": monitoring.ports.relay, "bots": bots}
    content = json.dumps(settings, indent=1) + "\n"
    yield File(path=_CONF, content=content, mode=0o640, group=ALERT_RELAY, triggers=again)


def relay_answers(host: RoleHost, monitoring: Monitoring) -> Iterator[Postcondition]:
    """That it does, where there is one."""
    if monitoring.bots:
        url = f"http://127.0.0.1:{monitoring.ports.relay}/-/ready"
        yield Postcondition(
            "the relay to DingTalk and Feishu is ready",
            f"curl -fsS --noproxy '*' --max-time 5 -o /dev/null '{url}'",
            30,
            f"see `cluster logs {host.name}`; something else may listen on monitoring.ports.relay",
        )
