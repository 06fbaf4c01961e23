"""Needs of a log host to send lines on: a program, and of each output its settings."""

import json
from importlib import resources
from pathlib import Path

from ...model.hosts import ServiceManager
from ...model.log_output import LogOutput, LokiOutput
from ...model.secrets.secret import reveal
from ...model.watching.logs import Logs
from ...places import LOG_FOLDER, LOG_OUTPUT_CONF, LOG_OUTPUTS, LOG_SENDER, LOG_SENDER_PROGRAM
from ...resources.base import Handler, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.package import Packages
from ...resources.service import Service, restart
from ..role_host import RoleHost
from .own_log import service_log

_PACKAGE = "sender"


def log_outputs(host: RoleHost, logs: Logs) -> list[Resource]:
    """Nothing where there is no output."""
    if not logs.outputs:
        return []
    again = (restart(LOG_SENDER, host.manager),)
    return [
        # Debian's authorities, for outputs that name none.
        Packages(names=("ca-certificates",)),
        Directory(path=LOG_OUTPUTS, mode=0o700),
        Directory(path=LOG_OUTPUT_CONF, mode=0o700),
        # The program reads secrets itself: words of a command are everybody's to see.
        *(_settings(host, output, again) for output in logs.outputs),
        *_program(again),
        host.unit(
            LOG_SENDER,
            again,
            modules=LOG_SENDER_PROGRAM,
            folder=LOG_FOLDER,
            places=LOG_OUTPUTS,
            settings=[_path(output) for output in logs.outputs],
            log=service_log(LOG_SENDER, ServiceManager.SUPERVISOR).file,
        ),
        Service(name=LOG_SENDER, manager=host.manager),
    ]


def _program(again: tuple[Handler, ...]) -> list[Resource]:
    """A folder that Python runs (``__main__.py``), with the package as it is here."""
    folder = f"{LOG_SENDER_PROGRAM}/{_PACKAGE}"
    modules = sorted(
        (one for one in resources.files(__package__).joinpath(_PACKAGE).iterdir()),
        key=lambda one: one.name,
    )
    begin = f"from {_PACKAGE}.main import main\n\nmain()\n"
    return [
        Directory(path=LOG_SENDER_PROGRAM),
        Directory(path=folder),
        *(
            File(path=f"{folder}/{one.name}", content=one.read_text("utf-8"), triggers=again)
            for one in modules
            if one.name.endswith(".py")
        ),
        File(path=f"{LOG_SENDER_PROGRAM}/__main__.py", content=begin, triggers=again),
    ]


def _path(output: LogOutput) -> str:
    return f"{LOG_OUTPUT_CONF}/{output.name}.json"


def _settings(host: RoleHost, output: LogOutput, again: tuple[Handler, ...]) -> Resource:
    password = reveal(output.password, Path()) if output.password is not None else None
    found: dict[str, object] = {
        "type": output.type,
        "cluster": host.inventory.name,
        "username": output.username,
        "password": password,
        "ca": output.ca.read_text(encoding="utf-8") if output.ca else None,
    }
    if isinstance(output, LokiOutput):
        found |= {"urls": [output.url], "tenant": output.tenant}
    else:
        found |= {"urls": output.urls, "index": output.index, "daily": output.daily}
    content = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    return File(path=_path(output), content=content, mode=0o600, sensitive=True, triggers=again)
