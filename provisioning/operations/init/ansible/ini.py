"""Ansible's inventories in the INI form, as its plugin ``ansible.builtin.ini`` reads them. Pure."""

import ast
import re
import shlex

from ....model.host_ranges.ranges import RangeError, expand, has_range
from .tree import ALL, UNGROUPED, AnsibleError, AnsibleInventory, Group, resolved

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?")


def read_ini(text: str, file: str) -> AnsibleInventory:
    """Raises ``AnsibleError``."""
    return _Reader(file).read(text)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._line = 0
        self._groups: dict[str, Group] = {ALL: Group(), UNGROUPED: Group()}
        self._own: dict[str, dict[str, object]] = {}

    def read(self, text: str) -> AnsibleInventory:
        """The whole text."""
        name, kind = UNGROUPED, "hosts"
        for self._line, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            if line.startswith("["):
                name, kind = self._section(line)
                continue
            getattr(self, f"_{kind}")(self._groups[name], line)
        return resolved(self._groups, self._own, self._file)

    def _section(self, line: str) -> tuple[str, str]:
        match = _SECTION.fullmatch(line)
        if match is None:
            raise self._wrong(f"{line} is no section: [GROUP], [GROUP:vars] or [GROUP:children]")
        name, kind = match[1], match[2] or "hosts"
        if kind not in ("hosts", "vars", "children"):
            raise self._wrong(f"[{name}:{kind}]: it is hosts, vars or children")
        self._groups.setdefault(name, Group())
        return name, kind

    def _hosts(self, group: Group, line: str) -> None:
        pattern, *words = self._words(line)
        variables: dict[str, object] = {}
        for word in words:
            key, equals, value = word.partition("=")
            if not equals:
                raise self._wrong(f"{word!r} is no KEY=VALUE")
            variables[key] = _literal(value)
        for host, port in self._expanded(pattern):
            own = self._own.setdefault(host, {})
            own |= {"ansible_port": port, **variables} if port else variables
            group.hosts.append(host)

    def _expanded(self, pattern: str) -> list[tuple[str, int | None]]:
        # A port may stand behind a name, but not behind an IPv6 address.
        match = re.fullmatch(r"(.*[^:]):(\d{1,5})", pattern)
        bare6 = pattern.count(":") > 1 and not has_range(pattern)
        name, port = (match[1], int(match[2])) if match and not bare6 else (pattern, None)
        try:
            return [(host, port) for host in (expand(name) if has_range(name) else [name])]
        except RangeError as error:
            raise self._wrong(str(error)) from None

    def _children(self, group: Group, line: str) -> None:
        (name, *_) = self._words(line)
        self._groups.setdefault(name, Group())
        group.children.append(name)

    def _vars(self, group: Group, line: str) -> None:
        key, equals, value = line.partition("=")
        if not equals:
            raise self._wrong(f"{line!r} is no KEY=VALUE")
        group.variables[key.strip()] = _literal(value.strip())

    def _words(self, line: str) -> list[str]:
        try:
            return shlex.split(line, comments=True)
        except ValueError:
            raise self._wrong("a quote is not closed") from None

    def _wrong(self, message: str) -> AnsibleError:
        return AnsibleError(f"{self._file}:{self._line}: {message}")


def _literal(text: str) -> object:
    """As Ansible takes it: a Python literal where it is one, else the text, with all behind a
    ``#``."""
    try:
        found: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return found
