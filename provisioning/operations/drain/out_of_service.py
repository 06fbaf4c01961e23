"""Change serving real servers out of service: drain, change, restore their weight.

Used around the changes of a deploy and of a rollback. What would disturb nobody is changed as it
is: a node that is new or down, one that an operator drained, and all of them where no director
sends anything. Every step is saved as a drain with this command as its cause, so that a run
that was cut is finished by the next one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...engine.apply import HostResult
from ...engine.around import Turn
from ...engine.plan import HostPlan
from ...engine.progress import Event
from ...model.derived.way_in import way_in, way_in_word
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...roles.desired import DesiredHost
from ...roles.real_server.app import drain_flag
from ...transport.base import TransportError
from ..cluster.cluster import Cluster
from ..errors import OperationError
from ..hooks.hooks import StoppedByHookError
from ..operation import Operation
from ..planning import Plans, plan_hosts
from ..state_folder.directors_record import as_directors_have_it, remember_directors
from ..state_folder.runtime_state import save_runtime, without_drain
from .capacity import lacking_without, never_without
from .in_service import await_in_service
from .remaining_work import RemainingWork, await_idle
from .runtime_change import edges_of
from .sending import Directors, look_at_directors, moved, serving
from .steps import bring_back, set_mark, settle, take_out

Desired = Callable[[Runtime], dict[str, DesiredHost]]
"""Desired state of hosts for a runtime state."""


@dataclass(slots=True, kw_only=True)
class OutOfService:
    """``Around`` that drains real servers and brings them back. The runtime state is that of the
    time when the plans were made."""

    op: Operation
    """Its cluster has the hosts that leave as well."""
    inventory: Inventory
    """The inventory that is deployed: the cluster's without hosts that leave."""
    plans: Plans
    desired: Desired
    """Makes the plans of directors anew where drains came or went since."""
    command: str
    """``deploy`` or ``rollback``."""
    timeout: float
    """Seconds to wait for a node's work."""
    force: bool = False
    """Interrupt clients where that is inevitable."""
    takes_over: frozenset[str] = frozenset({"deploy", "rollback"})
    """Commands whose drains this one brings back, where they were cut."""
    _served: Operation = field(init=False)
    """On the services as the directors have them now; progress without what is expected."""
    _planned: Runtime = field(init=False)
    _taken: set[str] = field(default_factory=set)
    """Those that this run brings back after their change."""
    _told: bool = False
    """Set once directors were told of a drain, or of its end, since the plans were made."""

    def __post_init__(self) -> None:
        cluster = self.op.cluster
        inventory = as_directors_have_it(cluster.state_dir, cluster.inventory)
        self._served = replace(
            self.op, cluster=Cluster(inventory, cluster.path), progress=self._quiet
        )
        self._planned = cluster.runtime

    def begin(self) -> dict[str, HostResult]:
        """Bring back first those that a cut run has changed already, so that
        there are enough for what follows."""
        results: dict[str, HostResult] = {}
        done = [name for name in self._left if not self.plans.hosts[name].changes]
        for name in done:
            problem = self._bring_back(name, self._look())
            results[name] = HostResult(name, "unmet" if problem else "changed", message=problem)
        return results

    def wave(self, hosts: tuple[str, ...]) -> Turn:
        """Order a wave: first those that a cut run left, then those that serve nobody now and may
        serve afterwards, then the others."""
        plans = self._again(hosts) if self._told else {}
        self._remember(hosts, {n: plan for n, plan in self.plans.hosts.items() if not plan.changes})
        disturbed = [name for name in hosts if self._disturbs(name)]
        if not disturbed:
            return Turn(hosts, plans=plans)
        busy = serving(self._served.cluster.inventory, self._look().tables, disturbed)
        left = self._left
        order = tuple(sorted(hosts, key=lambda name: (name not in left, name in busy)))
        return Turn(order, plans=plans)

    def before(self, hosts: tuple[str, ...]) -> Turn:
        """Drain hosts of a batch and wait for their work."""
        left = self._left
        if not any(self._disturbs(n) or self._marks(n) or n in left for n in hosts):
            return Turn(hosts)
        seen = self._look()
        out, waiting, refused = self._who_goes(hosts, seen)
        late = set(waiting)
        runtime = self.op.cluster.runtime
        for name in hosts:
            if name in late or name in refused:
                continue
            if name in out or (self._marks(name) and name in runtime.drains):
                problem = self._take_out(name, seen)
                if problem:
                    refused[name] = problem
        refused |= self._await_work([n for n in hosts if n not in late and n not in refused], seen)
        turn = tuple(name for name in hosts if name not in late and name not in refused)
        self._taken |= {name for name in turn if name in out or name in self._left}
        # A director that is a real server as well was just told of a drain.
        return Turn(turn, refused, self._again(turn))

    def after(self, results: dict[str, HostResult]) -> None:
        """Bring hosts of a batch back, and wait until the directors send to them."""
        self._remember(results, {n: self.plans.hosts[n] for n, one in results.items() if one.ok})
        changed = [
            name for name in results if name in self._served.cluster.inventory.real_servers.hosts
        ]
        if not any(name in self._taken or self._disturbs(name) for name in changed):
            return
        gone = moved(self._served.cluster.inventory, self.inventory)
        seen = self._look()
        for name in changed:
            if name not in self._taken:
                continue
            self._taken.discard(name)
            result = results[name]
            if result.outcome in ("lost", "unmet"):
                # Nobody knows whether it can serve.
                result.message += f"; it stays drained until the next {self.command}"
            elif problem := self._bring_back(name, seen):
                result.outcome = "unmet" if result.ok else result.outcome
                result.message = "; ".join(filter(None, [result.message, problem]))
        runtime = self.op.cluster.runtime
        back = [n for n in changed if results[n].ok and n not in runtime.drains]
        if not gone:
            # The next one may go only when these serve, and who goes is decided by what is seen.
            await_in_service(self._served, back, seen.told)

    @property
    def _left(self) -> list[str]:
        """Real servers that a cut run (or this one) has drained and this one has plans for."""
        drains = self.op.cluster.runtime.drains
        return [
            name
            for name, plan in self.plans.hosts.items()
            if name in drains
            and name in self._served.cluster.inventory.real_servers.hosts
            and not plan.blocked
            and drains[name].cause in self.takes_over
        ]

    def _disturbs(self, name: str) -> bool:
        """True where its change disturbs a real server."""
        plan = self.plans.hosts.get(name)
        servers = self._served.cluster.inventory.real_servers.hosts
        return plan is not None and plan.disruptive and name in servers

    def _marks(self, name: str) -> bool:
        """True where the change marks a real server as drained: its weight has to go before. One
        that leaves is off the directors by then, and its mark goes."""
        plan = self.plans.hosts.get(name)
        if name in self.plans.leaving:
            return False
        mark = drain_flag(self._planned, name)
        if plan is None or mark.content is None:
            return False
        return any(step.id == mark.id for step in plan.steps)

    def _who_goes(
        self, hosts: tuple[str, ...], seen: Directors
    ) -> tuple[list[str], list[str], dict[str, str]]:
        """Divide hosts into those to drain for this turn, those that wait for a later one, and
        those that must stay as they are, with the reason. The others are changed as they are."""
        inventory, runtime = self._served.cluster.inventory, self.op.cluster.runtime
        candidates = [n for n in hosts if self._disturbs(n) and n not in runtime.drains]
        if candidates and seen.unseen and not self.force:
            reason = (
                f"it may have clients, and who sends to it is not known: {seen.unseen}. Mend that, "
                "or --force changes it all the same"
            )
            return [], [], dict.fromkeys(candidates, reason)
        if moved(inventory, self.inventory):
            return [], [], {}
        busy = serving(inventory, seen.tables, candidates)
        out: list[str] = []
        waiting: list[str] = []
        refused: dict[str, str] = {}
        interrupted = False
        for name in (name for name in candidates if name in busy):
            lacking = lacking_without(inventory, runtime, seen.tables, frozenset({*out, name}))
            if not lacking and not interrupted:
                out.append(name)
            elif out or interrupted:
                waiting.append(name)
            elif self.force or never_without(inventory, name):
                interrupted = True
                self._tell(name, "is changed without a drain: nobody else could serve")
            else:
                refused[name] = f"not taken out of service: {self._needed(lacking)}"
        return out, waiting, refused

    def _needed(self, lacking: list[str]) -> str:
        drained = [f"`cluster undrain {name}`" for name in self.op.cluster.runtime.drains]
        fix = f"{' or '.join(drained)}, or m" if drained else "M"
        return (
            f"{'; '.join(lacking)}. {fix}end the others (`cluster status`); --force interrupts "
            "its clients"
        )

    def _take_out(self, name: str, seen: Directors) -> str:
        """Drain a real server; say why, where that fails. One that was drained already is drained
        on the directors that do not know of it."""
        known = self.op.cluster.runtime.drains.get(name)
        if not seen.told:
            return ""
        self._told = True
        self._tell(name, "drain")
        try:
            take_out(
                self._served,
                name,
                reason=""
                if known
                else f"changed by `cluster {self.command}`, which brings it back",
                cause=known.cause if known else self.command,
                directors=seen.told,
                force=True,
                marks=not self.plans.hosts[name].first_time,
            )
            if known and known.settled:
                self._settle(name, seen)
        except StoppedByHookError as error:
            return f"not taken out of service: {error}"
        except (OperationError, TransportError) as error:
            problem = f"not taken out of service: {error}"
            if known is None:
                problem = "; ".join(filter(None, [problem, self._bring_back(name, seen)]))
            return problem
        return ""

    def _await_work(self, names: list[str], seen: Directors) -> dict[str, str]:
        """Wait for the work of drained ones; list those that must not be changed, and why."""
        drains = self.op.cluster.runtime.drains
        # One that is settled had its time, whoever drained it.
        asked = [name for name in names if name in drains and not drains[name].settled]
        asked = [name for name in asked if self._disturbs(name)]
        if not asked:
            return {}
        left = await_idle(self._served, asked, timeout=self.timeout, pages=False)
        refused = {}
        for name in asked:
            if name in left and _matters(left[name]) and not self.force:
                problem = ""
                if drains[name].cause == self.command:
                    problem = self._bring_back(name, seen)
                now = (
                    "it stays drained"
                    if name in self.op.cluster.runtime.drains
                    else "it serves again"
                )
                refused[name] = (
                    f"left after {self.timeout:g} s: {left[name]}; {problem or now}. Wait longer "
                    "(--drain-timeout), or --force loses these"
                )
            elif drains[name].cause:
                self._settle(name, seen)
        return refused

    def _settle(self, name: str, seen: Directors) -> None:
        if seen.told:
            settle(self._served, name, directors=seen.told)

    def _bring_back(self, name: str, seen: Directors) -> str:
        """Bring a real server back; say why, where that fails."""
        if not seen.told and seen.silent:
            silent = "; ".join(seen.silent.values())
            word = way_in_word(self.inventory)
            return f"it stays drained, as no {word} can be told: {silent}. `cluster undrain` it"
        self._told = True
        self._tell(name, "back to work")
        try:
            if seen.told:
                bring_back(self._served, name, directors=seen.told, force=True)
            else:
                # Directors that send nothing (yet) hear of it in their own turn.
                after = without_drain(self.op.cluster.runtime, name)
                save_runtime(self.op.cluster.state_dir, after)
                set_mark(self._served, after, name, force=False)
        except (OperationError, TransportError) as error:
            return str(error)
        return ""

    def _again(self, hosts: tuple[str, ...]) -> dict[str, HostPlan]:
        """Plan the directors and edges among hosts again, where these were told of drains since."""
        told = {*self.inventory.directors.hosts, *edges_of(self.inventory)}
        names = [name for name in hosts if name in told and name in self.plans.hosts]
        if not names or not self._told:
            return {}
        wanted = self.desired(self.op.cluster.runtime)
        return plan_hosts(
            self.inventory, {name: wanted[name] for name in names}, self.op.fleet
        ).hosts

    def _remember(self, hosts: Iterable[str], done: Mapping[str, HostPlan]) -> None:
        """Once a director among ``hosts`` has what is deployed (its plan is ``done``), the others
        may have it as well."""
        told = way_in(self.inventory)
        if any(n in done and not done[n].partial for n in hosts if n in told):
            remember_directors(self.op.cluster.state_dir, self.inventory)

    def _look(self) -> Directors:
        return look_at_directors(self._served.cluster.inventory, self.op.fleet)

    def _tell(self, name: str, text: str) -> None:
        self.op.progress(Event("step", name, text))

    def _quiet(self, event: Event) -> None:
        """Report only events that keep a node waiting, or failures."""
        if event.kind in ("waiting", "failed"):
            self.op.progress(event)


def _matters(work: RemainingWork) -> bool:
    """True where remaining work would be lost, as far as is known."""
    return bool(work.jobs or work.requests)
