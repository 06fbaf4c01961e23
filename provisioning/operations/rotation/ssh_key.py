"""A new SSH key for the control machine's logins, without a moment in which nobody comes in.

Every host lets the new key in beside the old one, and proves it by a login with the new one alone.
Then the old one is taken away: a host puts it back by itself unless a new connection has come, by
the way that the inventory names. Nothing is remembered: the next run finds on the hosts how far
one that was cut has come.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from ...engine.apply import HostResult
from ...engine.apply_plans import ApplyResult
from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...facts.probe import answer, python_script
from ...model.derived.resolve import connection_of
from ...transport.base import Transport, TransportError
from ...transport.key_ring import KeyRing
from ...transport.public_key import PublicKey
from ...transport.route import route
from ...transport.ssh import connect
from ..errors import OperationError
from ..operation import Operation

_PATIENCE = 60
"""Seconds after which a host puts the old key back, where nobody came in."""
_ASKING = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The keys that a host lets in."""

    old: bool
    new: bool


def check_keys(old: PublicKey, new: PublicKey) -> None:
    """Raise ``OperationError`` for twice the same key, and ``UnusableKeyError`` for a new one that
    cannot be used here: that others can read, or that has a passphrase. Asks no host."""
    if old.blob == new.blob:
        raise OperationError(f"{old} and {new} are the same key")
    with closing(KeyRing()) as ring:
        ring.from_file(new.file)


def rotate_ssh_key(
    op: Operation, old: PublicKey, new: PublicKey, hosts: list[str], agree: Callable[[str], None]
) -> bool:
    """Exchange the key on these hosts, or continue where one was cut. True where all of them are
    as far as the inventory lets them be. ``agree`` is shown the hosts that are to change, and
    raises whatever it raises after a no. Raises ``OperationError``. The keys have to be such that
    ``check_keys`` takes."""
    rotation = KeyRotation(op, old, new, hosts)
    standing = rotation.look()
    named = rotation.still_named
    lacking = [name for name, one in standing.items() if not one.new]
    leaving = [] if named else [name for name, one in standing.items() if one.old]
    if not lacking and not leaving and not named:
        op.dialogue.done(f"All hosts let {new} in, and {old} no more.")
        return True
    agree(_told(rotation, lacking, leaving))
    with op.dialogue.progress() as progress:
        rotation.op = replace(op, progress=progress)
        result = rotation.let_in(standing)
        if result.ok and not named:
            result = rotation.shut_out(standing)
    op.dialogue.report(result)
    if not result.ok:
        op.dialogue.note("Either key still comes in there; the same command continues.")
    elif named:
        op.dialogue.note(
            f"All hosts let both keys in. The inventory, or ssh_config, still names {old} for "
            f"{', '.join(named)}: write {new} there (ssh.key_file), and give the same command "
            f"again; it takes {old} away."
        )
    else:
        op.dialogue.done(f"All hosts let {new} in, and {old} no more.")
    return result.ok


def _told(rotation: "KeyRotation", lacking: list[str], leaving: list[str]) -> str:
    lines = []
    if lacking:
        lines.append(f"{rotation.new} is let in beside {rotation.old}: {', '.join(lacking)}")
    if leaving:
        lines.append(f"{rotation.old} is taken away: {', '.join(leaving)}")
    return "\n".join(lines)


@dataclass(slots=True)
class KeyRotation:
    """An exchange of the ``old`` key for the ``new`` one on some hosts."""

    op: Operation
    old: PublicKey
    new: PublicKey
    hosts: list[str]

    def look(self) -> dict[str, Standing]:
        """List how far each host is. Raises ``OperationError`` where one cannot be reached, or lets
        neither key in."""
        fleet = self.op.fleet
        fleet.connect(self.hosts)
        found = fleet.each(self.hosts, self._standing)
        if away := [f"{name} ({fleet.errors[name]})" for name in self.hosts if name not in found]:
            raise OperationError(
                f"cannot be reached: {'; '.join(away)}. Its keys would stay as they are: leave it "
                "out with --limit; nothing was changed"
            )
        if without := [name for name, one in found.items() if not (one.old or one.new)]:
            raise OperationError(
                f"{', '.join(without)}: {self.old} is in none of the files that sshd reads there, "
                "so it is let in by something else (AuthorizedKeysCommand, a certificate), or not "
                "at all; nothing was changed"
            )
        return found

    @property
    def still_named(self) -> list[str]:
        """Hosts for which the inventory, or ssh_config(5), names the old key."""
        return [name for name in self.hosts if self._names_old(name)]

    def let_in(self, standing: dict[str, Standing]) -> ApplyResult:
        """Have every host let the new key in beside the old one, and prove it."""

        def work(name: str, transport: Transport) -> HostResult:
            if not standing[name].new:
                self._run(name, transport, "add", line=self.new.line, like=self.old.blob)
                self.op.run.journal.write("key_added", host=name, key=str(self.new))
            self._log_in(name)
            return HostResult(name, "unchanged" if standing[name].new else "changed")

        return self._each(self.hosts, work, f"let {self.new} in")

    def shut_out(self, standing: dict[str, Standing]) -> ApplyResult:
        """Take the old key away from those that have it."""

        def work(name: str, transport: Transport) -> HostResult:
            if not standing[name].old:
                return HostResult(name, "unchanged")
            self._run(name, transport, "drop", self.old.blob, patience=_PATIENCE)
            try:
                again = self.op.fleet.another(name)
            except TransportError as error:
                self._run(name, transport, "back", self.old.blob)
                return HostResult(name, "failed", message=f"nobody comes in without it: {error}")
            try:
                self._run(name, again, "keep", self.old.blob)
            finally:
                again.close()
            self.op.run.journal.write("key_removed", host=name, key=str(self.old))
            return HostResult(name, "changed")

        return self._each(self.hosts, work, f"shut {self.old} out")

    def _each(
        self, hosts: list[str], work: Callable[[str, Transport], HostResult], said: str
    ) -> ApplyResult:
        def one(name: str, transport: Transport) -> HostResult:
            self.op.progress(Event("step", name, said))
            try:
                return work(name, transport)
            except OperationError as error:
                return HostResult(name, "failed", message=str(error))

        found = self.op.fleet.each(hosts, one)
        lost = {
            name: HostResult(name, "lost", message=str(self.op.fleet.errors[name]))
            for name in hosts
            if name not in found
        }
        return ApplyResult(found | lost)

    def _standing(self, name: str, transport: Transport) -> Standing:
        keys = (self.old.blob, self.new.blob)
        old, new = (bool(self._run(name, transport, "look", key)["files"]) for key in keys)
        return Standing(old, new)

    def _log_in(self, name: str) -> None:
        """Come in with the new key alone. Raises ``OperationError``."""
        cluster = self.op.cluster
        way = connection_of(cluster.inventory, name)
        alone = way.model_copy(update={"key_file": self.new.file, "password": None})
        try:
            connect(name, alone, base_dir=cluster.base_dir).close()
        except TransportError as error:
            raise OperationError(f"it does not come in with {self.new}: {error}") from None

    def _names_old(self, name: str) -> bool:
        cluster = self.op.cluster
        hops = route(name, connection_of(cluster.inventory, name), cluster.base_dir)
        return self.old.file.resolve() in {file.resolve() for file in hops[-1].key_files}

    def _run(
        self, name: str, transport: Transport, do: str, key: str = "", **more: object
    ) -> dict[str, Any]:
        """Have a host do this. Raises ``OperationError`` with its reason."""
        cluster = self.op.cluster
        user = route(name, connection_of(cluster.inventory, name), cluster.base_dir)[-1].user
        argument = {"do": do, "user": user, "key": key or self.new.blob, **more}
        fragment = python_script(_program(), argument)
        found = run_fragments(name, transport, {do: fragment}, timeout=_ASKING)
        said: dict[str, Any] = answer(found[do])
        if said["problem"]:
            raise OperationError(said["problem"])
        return said


def _program() -> str:
    return (resources.files(__package__) / "authorized_keys.py").read_text("utf-8")
