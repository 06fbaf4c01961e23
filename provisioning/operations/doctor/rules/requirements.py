"""Requirements of a deploy on a host before it changes anything there."""

from collections.abc import Iterator

from ....facts.fact import Answers, View
from ....facts.machine.requirements import met
from ....model.derived.resolve import managed_hosts
from ....model.inventory import Inventory
from ....model.runtime import Runtime
from ....resources.base import Requirement
from ....roles.deployment import Deployment
from ....roles.distribution import distribution_requirement
from ....roles.registry import deploy_order
from ....roles.rendering import Templates
from ..finding import Finding
from ..rule import Rule, Seen

_Unmet = tuple[tuple[Requirement, str], ...]
"""Requirements that are not met, with what the host said."""


def _view(inventory: Inventory, name: str) -> View[_Unmet] | None:
    if name not in managed_hosts(inventory):
        return None
    deployment = Deployment(inventory, Templates(inventory), Runtime())
    parts = [r.part(deployment, name) for r in deploy_order() if name in r.hosts(inventory)]
    needs = [distribution_requirement(), *(need for part in parts for need in part.requirements)]
    asked = {need.title: need for need in needs}
    facts = {title: met(n, need) for n, (title, need) in enumerate(asked.items())}

    def combine(seen: Answers) -> _Unmet:
        said = ((asked[title], seen[fact]) for title, fact in facts.items())
        return tuple((need, text) for need, text in said if text)

    return View(tuple(facts.values()), combine)


def _judge(seen: Seen[_Unmet]) -> Iterator[Finding]:
    for name, unmet in seen.hosts.items():
        for requirement, said in unmet:
            yield Finding(
                host=name,
                evidence=f"{requirement.title}: no: {said}",
                cause="a deploy refuses this host",
                fix=requirement.fix,
            )


REQUIREMENT = Rule("requirement", _view, _judge)
