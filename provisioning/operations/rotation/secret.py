"""A new secret for the nodes, without a restart and without a lost request.

Every node learns to accept the new one beside the old one; then, host by host, they sign with it;
once nothing that was signed with the old one can be under way any more, that is forgotten. Each
phase is remembered on the directors before it begins, and begins once every node has proved that it
is in the one before. So a rotation may be cut at any moment: any folder goes on with it.
"""

import secrets
import time
from dataclasses import dataclass, field, replace

from ...engine.apply import HostResult
from ...engine.apply_plans import ApplyResult, Pace, apply_plans
from ...engine.progress import Event
from ...engine.waves import Wave
from ...facts.gather import ask
from ...facts.node_secrets import HostSecrets, node_secrets
from ...model.cluster_record import secret_id
from ...model.derived.resolve import routes_sessions
from ...model.rotation import Phase, UnfinishedRotation
from ...model.secrets.shared_secret import SharedSecret
from ...places import ACCEPTED_SECRETS_FILE, SECRET_FILE
from ...resources.file import File
from ...roles.desired import DesiredHost, desired_hosts
from ...transport.base import Transport
from ..cluster.secret import (
    ClusterSecret,
    given_secret,
    keep_new_secret,
    keep_secret,
    rotating_secret,
    secrets_on_real_servers,
)
from ..errors import OperationError
from ..operation import Operation
from ..planning import Plans, plan_hosts
from ..state_folder.deployed_hosts import departed, load_deployed_hosts
from ..state_folder.runtime_state import change, load_record
from .standing import lacking, unfit

IN_FLIGHT = 30.0
"""Seconds for which a request that a node signed is good: none is under way after that."""
_ASKING = 60.0
_PATIENCE = 60.0
"""Seconds that a node may take to notice that a file has changed."""
_FILES = (ACCEPTED_SECRETS_FILE, SECRET_FILE)
_NEXT = {Phase.ACCEPT: Phase.SIGN, Phase.SIGN: Phase.FORGET, Phase.FORGET: None}
_DONE = {
    Phase.ACCEPT: "all nodes accept the new secret beside the old one",
    Phase.SIGN: "all nodes sign with the new secret",
    Phase.FORGET: "all nodes have forgotten the old secret",
}
_NEVER = "was never deployed to; `cluster deploy` first"
_STEPS = (
    "no node is drained or started anew: first all of them accept the new secret beside the "
    "old one, then they sign with it, then they forget the old one"
)


def rotate_secret(op: Operation, *, abort: bool = False) -> bool:
    """Exchange the nodes' secret, or continue an exchange that was cut; with ``abort`` that one is
    taken back. True where all nodes have proved that they are done. Raises ``ClusterError``, and
    whatever the dialogue raises after a no."""
    return _Rotation(op).execute(abort=abort)


@dataclass(slots=True)
class _Rotation:
    op: Operation
    names: list[str] = field(init=False)
    """Hosts that know the secret: real servers, and edges that read what these seal with it."""

    def __post_init__(self) -> None:
        self.names = list(self._hosts(SharedSecret("")))

    def execute(self, *, abort: bool) -> bool:
        """Run the phases that are left."""
        self._require_all()
        rotation, new = self._begun(abort=abort)
        plans = self._plans(SharedSecret(new))
        if wrong := _blocked(plans):
            raise OperationError(wrong)
        plans.told = (_STEPS,)
        self.op.dialogue.confirm(plans, "Rotate the nodes' secret?")
        keep_new_secret(self.op.cluster, new)
        with self.op.dialogue.progress() as progress:
            self.op = replace(self.op, progress=progress)
            result = self._phases(rotation)
        self.op.dialogue.report(result)
        return result.ok

    def _require_all(self) -> None:
        """Raises ``OperationError`` where a host could miss the new secret."""
        cluster, fleet = self.op.cluster, self.op.fleet
        if not routes_sessions(cluster.inventory):
            raise OperationError(
                "the nodes do not pass requests to each other: they have no secret"
            )
        gone = departed(load_deployed_hosts(cluster.state_dir), cluster.inventory)
        if gone:
            raise OperationError(
                f"{', '.join(gone)} left the inventory and may still serve; `cluster deploy` first"
            )
        fleet.connect(self.names)
        away = [f"{name} ({fleet.errors[name]})" for name in self.names if name in fleet.errors]
        if away:
            raise OperationError(
                f"cannot be reached: {'; '.join(away)}. It would come back with the old secret "
                "alone, and no node would believe it. Rotate when it is there, or take it out of "
                "the inventory and deploy; nothing was changed"
            )
        wrong = [line for name, found in self._look().items() for line in unfit(name, found)]
        if wrong:
            raise OperationError(f"{'; '.join(wrong)}; nothing was changed")

    def _begun(self, *, abort: bool) -> tuple[UnfinishedRotation, str]:
        """The rotation to go on with, and the secret that it brings."""
        found = load_record(self.op.cluster.state_dir).rotation
        if abort:
            return self._turned_back(found)
        if found is None:
            return self._new()
        secret = rotating_secret(self.op.cluster, self.op.fleet, found)
        known = {secret_id(one): one for one in (secret.value, *secret.accepted)}
        if found.new in known:
            return found, known[found.new]
        # It was cut before any host, all of which were asked, had it.
        value = secrets.token_urlsafe(32)
        return replace(found, new=secret_id(value)), value

    def _turned_back(self, found: UnfinishedRotation | None) -> tuple[UnfinishedRotation, str]:
        if found is None or found.phase == Phase.FORGET:
            raise OperationError(
                "no rotation is unfinished"
                if found is None
                else "the nodes are forgetting the old secret: finish it, and rotate once more"
            )
        phase = Phase.FORGET if found.phase == Phase.ACCEPT else Phase.SIGN
        back = replace(found, phase=phase, old=found.new, new=found.old)
        return back, rotating_secret(self.op.cluster, self.op.fleet, back).value

    def _new(self) -> tuple[UnfinishedRotation, str]:
        cluster = self.op.cluster
        theirs = secrets_on_real_servers(cluster, self.op.fleet)
        holders: dict[str, list[str]] = {}
        for name, (value, *_) in theirs.items():
            holders.setdefault(value, []).append(name)
        if none := holders.get(""):
            raise OperationError(f"{', '.join(none)} have no secret yet; `cluster deploy` first")
        if len(holders) > 1:
            groups = ", others than ".join(" and ".join(names) for names in holders.values())
            raise OperationError(
                f"the nodes have different secrets: {groups}; `cluster deploy` with the one that "
                "is right gives it to all of them, then rotate"
            )
        old = next(iter(holders))
        new = given_secret(cluster) or secrets.token_urlsafe(32)
        if new == old:
            raise OperationError(
                "the nodes have the secret of the inventory (app.secret): put the new one there "
                "first"
            )
        if len(new.splitlines()) > 1 or len(old.splitlines()) > 1:
            raise OperationError("a secret of several lines cannot stand beside another one")
        return (
            UnfinishedRotation(Phase.ACCEPT, secret_id(old), secret_id(new), self.op.run.holder),
            new,
        )

    def _phases(self, rotation: UnfinishedRotation) -> ApplyResult:
        """All that are left, up to one in which a host fails."""
        while True:
            secret = self._establish(rotation)
            result = self._apply(secret.shared)
            if result.ok and not (failed := self._await(rotation)):
                self.op.dialogue.note(_DONE[rotation.phase])
            else:
                if result.ok:
                    result.hosts |= failed
                self.op.dialogue.note(f"{rotation}; the same command continues it")
                return result
            phase = _NEXT[rotation.phase]
            if phase is None:
                self._conclude(secret)
                return result
            if phase == Phase.FORGET:
                self._let_arrive()
            rotation = replace(rotation, phase=phase)

    def _establish(self, rotation: UnfinishedRotation) -> ClusterSecret:
        """The phase counts from now on, for a deploy as well."""
        cluster = self.op.cluster
        secret = rotating_secret(cluster, self.op.fleet, rotation)
        id = secret_id(secret.value) if secret.made_here else None
        change(cluster.state_dir, lambda record: replace(record, rotation=rotation, secret=id))
        keep_secret(cluster, secret)
        return secret

    def _apply(self, secret: SharedSecret) -> ApplyResult:
        plans, run = self._plans(secret), self.op.run
        return apply_plans(
            plans,
            [Wave("hosts that know the secret", tuple(self.names), gate="every")],
            dict.fromkeys(self.names, ()),
            self.op.fleet,
            pace=Pace(),
            run_id=run.id,
            holder=run.holder,
            journal=run.journal,
            progress=self.op.progress,
        )

    def _plans(self, secret: SharedSecret) -> Plans:
        return plan_hosts(self.op.cluster.inventory, self._hosts(secret), self.op.fleet)

    def _hosts(self, secret: SharedSecret) -> dict[str, DesiredHost]:
        """The hosts with nothing but the secret, which nodes take up by themselves."""
        cluster = self.op.cluster
        wanted = desired_hosts(cluster.inventory, None, cluster.runtime, secret)
        ours = {
            name: tuple(
                replace(one, triggers=())
                for one in host.resources
                if isinstance(one, File) and one.path in _FILES
            )
            for name, host in wanted.items()
        }
        return {
            name: DesiredHost(name, resources=found, partial=True)
            for name, found in ours.items()
            if found
        }

    def _await(self, rotation: UnfinishedRotation) -> dict[str, HostResult]:
        """Wait until every node has proved that it is in the phase; hosts of those that have
        not."""
        end = time.monotonic() + _PATIENCE
        while True:
            found = self._look()
            late = {name: lines for name, one in found.items() if (lines := lacking(rotation, one))}
            servers = self.op.cluster.inventory.real_servers.hosts
            lost = {
                name: HostResult(name, "lost", message=str(self.op.fleet.errors[name]))
                for name in servers
                if name not in found
            }
            if lost or not late or time.monotonic() >= end:
                return lost | {
                    name: HostResult(name, "unmet", message="; ".join(lines))
                    for name, lines in late.items()
                }
            for name, lines in late.items():
                self.op.progress(Event("waiting", name, "; ".join(lines)))
            time.sleep(1)

    def _look(self) -> dict[str, HostSecrets]:
        inventory = self.op.cluster.inventory

        def look(name: str, transport: Transport) -> HostSecrets:
            return ask(name, transport, node_secrets(inventory, name), timeout=_ASKING)

        return self.op.fleet.each(inventory.real_servers.hosts, look)

    def _let_arrive(self) -> None:
        """Wait until nothing is under way that was signed with the old one."""
        self.op.progress(Event("waiting", "", f"requests under way, {IN_FLIGHT:.0f} s"))
        time.sleep(IN_FLIGHT)

    def _conclude(self, secret: ClusterSecret) -> None:
        cluster = self.op.cluster
        change(cluster.state_dir, lambda record: replace(record, rotation=None))
        keep_new_secret(cluster, None)
        self.op.dialogue.done("All nodes know each other by the new secret alone.")


def _blocked(plans: Plans) -> str:
    reasons = (
        f"{name}: {problem}"
        for name, plan in plans.hosts.items()
        for problem in (*plan.problems, *([_NEVER] if plan.first_time else []))
    )
    return "; ".join(reasons)
