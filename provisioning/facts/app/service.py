"""State of the app's service in its service manager. Pure."""

from collections.abc import Mapping

from ...model.hosts import ServiceManager
from ...places import APP_SERVICE
from ...resources import supervisor
from ...resources.base import Observation
from ..fact import Fact


def app_service(manager: ServiceManager, service: str = APP_SERVICE) -> Fact[str]:
    """``running``, or the service manager's word for what it is instead."""
    name = "app_service" if service == APP_SERVICE else f"app_service:{service}"
    if manager is ServiceManager.SYSTEMD:
        return Fact(name, f"systemctl is-active {service}", _systemd)
    # Not supervisorctl: it is a Python program, which takes a second to start on a slow host.
    return Fact(name, supervisor.observe(supervisor.SOCKET, service), _supervisor)


def one_word(words: Mapping[str, str]) -> str:
    """The state of several nodes' services in one: ``running``, or who is what instead."""
    if len(words) == 1:
        return next(iter(words.values()))
    wrong = [f"{node}: {word or 'unknown'}" for node, word in words.items() if word != "running"]
    return "; ".join(wrong) or "running"


def _systemd(found: Observation) -> str:
    text = found.stdout.strip()
    return "running" if text == "active" else text


def _supervisor(found: Observation) -> str:
    if found.status != 0:
        return found.stderr.strip() or found.stdout.strip()
    word, status = supervisor.state(found)
    if word == "RUNNING":
        return "running"
    return f"{word} with status {status}" if status else word
