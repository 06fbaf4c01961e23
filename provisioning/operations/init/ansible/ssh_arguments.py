"""Arguments of ssh(1) as settings of this program's inventory, as far as it has them. Pure."""

import re
import shlex
from collections.abc import Iterator

_TAKEN = {
    "proxyjump": "jump",
    "identityfile": "key_file",
    "configfile": "config_file",
    "userknownhostsfile": "known_hosts_file",
    "user": "user",
    "port": "port",
    "connecttimeout": "connect_timeout",
    "serveraliveinterval": "keepalive",
}
_NUMBERS = ("port", "connect_timeout", "keepalive")
_SHORT = {"-J": "proxyjump", "-i": "identityfile", "-l": "user", "-p": "port", "-F": "configfile"}
_QUIET = ("controlmaster", "controlpersist", "controlpath", "batchmode", "loglevel")
"""Those that say how connections are shared or told of, which this program does its own way."""


def ssh_settings(arguments: str) -> tuple[dict[str, object], list[str]]:
    """Settings, and the arguments that have none, without values: there may be secrets in them."""
    settings: dict[str, object] = {}
    left: list[str] = []
    for key, value, written in _options(arguments):
        name = key.lower()
        if name == "proxycommand":
            jump = jump_of(value)
            settings |= {"jump": jump} if jump else {}
            left += [] if jump else [written]
        elif name in _TAKEN and _usable(_TAKEN[name], value):
            setting = _TAKEN[name]
            settings[setting] = int(value) if setting in _NUMBERS else value
        elif name not in _QUIET:
            left.append(written)
    return settings, left


def jump_of(command: str) -> str | None:
    """The jump host of a ProxyCommand that is ``ssh -W %h:%p HOST`` with no more than a user and a
    port; None of any other."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if not words or words[0].rpartition("/")[2] != "ssh":
        return None
    target, user, port, forwards = "", "", "", False
    rest = iter(words[1:])
    for word in rest:
        if word == "-W" or word.startswith("-W"):
            forwards = (word[2:] or next(rest, "")) in ("%h:%p", "[%h]:%p")
        elif word in ("-l", "-p"):
            value = next(rest, "")
            user, port = (value, port) if word == "-l" else (user, value)
        elif word in ("-q", "-T", "-x", "-a"):
            continue
        elif word.startswith("-") or target:
            return None
        else:
            target = word
    if not forwards or not re.fullmatch(r"[^\s@]+@[^\s@]+|[^\s@]+", target):
        return None
    named = target if "@" in target or not user else f"{user}@{target}"
    return f"{named}:{port}" if port else named


def _usable(setting: str, value: str) -> bool:
    if setting in _NUMBERS:
        return value.isdecimal() and int(value) > 0
    return bool(value) and value != "/dev/null" and value.lower() != "none"


def _options(arguments: str) -> Iterator[tuple[str, str, str]]:
    """Name, value, and how it is shown."""
    try:
        words = iter(shlex.split(arguments))
    except ValueError:
        yield "", "", "what has an open quote"
        return
    for word in words:
        flag, rest = word[:2], word[2:]
        if flag == "-o":
            text = rest or next(words, "")
            key, _, value = re.sub(r"^\s*(\w+)\s*[= ]\s*", r"\1=", text).partition("=")
            yield key, value.strip().strip('"'), f"-o {key}"
        elif flag in _SHORT:
            value = rest or next(words, "")
            yield _SHORT[flag], value, flag
        else:
            yield "", "", word if flag.startswith("-") else "…"
