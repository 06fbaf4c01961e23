"""An examination: every host is asked once for all that the rules want to know of it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.fleet import Fleet
from ...errors import ClusterError
from ...facts.clock import FIRST, LAST, Clock, compare
from ...facts.fact import Answers, Fact, View
from ...facts.gather import gather
from ...model.derived.resolve import all_hosts
from ...model.inventory import Inventory
from ...transport.base import Transport
from .access import access_findings
from .finding import Finding, Severity
from .registry import RULES
from .rule import AnyRule, Seen

_TIMEOUT = 90.0

Views = Mapping[str, Mapping[str, View[Any]]]
"""By the id of the rule and the name of the host."""


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found."""

    findings: tuple[Finding, ...]
    """Those of hosts that cannot be looked at first, then in the order of the rules."""
    unanswered: tuple[tuple[str, str, str], ...] = ()
    """Rule, host and reason, where a rule could not be asked."""

    @property
    def well(self) -> bool:
        """True if there is no error."""
        return all(one.severity is not Severity.ERROR for one in self.findings)


def views_of(inventory: Inventory, names: Iterable[str], rules: Sequence[AnyRule] = RULES) -> Views:
    """Questions of rules to these hosts."""
    names = list(names)
    found: dict[str, dict[str, View[Any]]] = {}
    for rule in rules:
        views = {name: rule.view(inventory, name) for name in names}
        found[rule.id] = {name: view for name, view in views.items() if view is not None}
    return found


def facts_of(views: Views, name: str) -> tuple[Fact[Any], ...]:
    """All facts of one host, each once."""
    named = {
        fact.name: fact
        for of_rule in views.values()
        if name in of_rule
        for fact in of_rule[name].facts
    }
    return tuple(named.values())


def examine(
    inventory: Inventory, fleet: Fleet, names: Sequence[str], rules: Sequence[AnyRule] = RULES
) -> Examination:
    """Connect to hosts and examine them, in one round trip each. Never raises for what happens on
    hosts."""
    views = views_of(inventory, names, rules)
    clocks: dict[str, Clock] = {}

    def look(name: str, transport: Transport) -> Answers:
        sent = time.time()
        facts = (FIRST, *facts_of(views, name), LAST)
        answers = gather(name, transport, facts, timeout=_TIMEOUT)
        clock = compare(answers[FIRST], answers[LAST], sent, time.time())
        if clock is not None:
            clocks[name] = clock
        return answers

    answers = fleet.each_at_once(names, look)
    errors = {name: fleet.errors[name] for name in names if name not in answers}
    ordered = {name: clocks[name] for name in names if name in clocks}
    judged = judge(inventory, views, answers, ordered)
    findings = (*access_findings(inventory, errors), *judged.findings)
    return Examination(findings, judged.unanswered)


def judge(
    inventory: Inventory, views: Views, answers: Mapping[str, Answers], clocks: Mapping[str, Clock]
) -> Examination:
    """Judge the answers by all rules. Pure."""
    unseen = frozenset(all_hosts(inventory)) - answers.keys()
    findings: list[Finding] = []
    unanswered: list[tuple[str, str, str]] = []
    for rule in RULES:
        hosts: dict[str, Any] = {}
        for name, view in views.get(rule.id, {}).items():
            if name not in answers:
                continue
            try:
                hosts[name] = view.combine(answers[name])
            except ClusterError as error:
                unanswered.append((rule.id, name, str(error)))
        findings += _found(rule, Seen(inventory, hosts, unseen, clocks))
    return Examination(tuple(findings), tuple(unanswered))


def _found(rule: AnyRule, seen: Seen[Any]) -> list[Finding]:
    return rule.findings(seen) if seen.hosts else []
