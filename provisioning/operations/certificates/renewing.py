"""A new certificate for all hosts that end TLS, one after the other.

Nginx answers what is under way with the old one, and new connections with the new one: nobody is
drained. A node that does not show the new one ends the run, and the others stay as they are.
"""

from dataclasses import replace
from datetime import UTC, datetime

from ...engine.apply_plans import ApplyResult, Pace, apply_plans
from ...engine.waves import Wave
from ...facts.served_certificate import serves
from ...model.derived.tls_hosts import python_of, tls_hosts
from ...model.tls.tls import Tls
from ...places import CERTIFICATE_FILE
from ...roles.desired import DesiredHost, desired_hosts
from ..cluster.certificate import ClusterCertificate, issued_anew
from ..operation import Operation
from ..planning import Plans, plan_hosts
from ..run.truth import Truth, establish, held
from .by_acme import renew_by_acme

_NEVER = "was never deployed to: `cluster deploy` brings it the certificate with all else"


def renew(op: Operation, tls: Tls) -> bool:
    """Bring all of them a new certificate by ACME or the cluster's own authority, or the one that
    the inventory names now; true where all show it. Raises ``ClusterError``."""
    if tls.acme is not None:
        return renew_by_acme(op, tls)
    truth = _renewed(op, held(op.cluster, op.fleet))
    assert truth.tls is not None
    plans = _plans(op, tls, truth, truth.tls)
    op.dialogue.confirm(plans, "Exchange the certificate?")
    establish(op.cluster, truth)
    with op.dialogue.progress() as progress:
        result = _apply(replace(op, progress=progress), plans, _hosts(op, tls, truth, truth.tls))
    op.dialogue.report(result)
    return result.ok


def _renewed(op: Operation, truth: Truth) -> Truth:
    """With a certificate of today where it is this program that issues it."""
    assert truth.tls is not None
    return replace(truth, tls=issued_anew(op.cluster, truth.tls, datetime.now(UTC)))


def _hosts(
    op: Operation, tls: Tls, truth: Truth, found: ClusterCertificate
) -> dict[str, DesiredHost]:
    """The hosts that end TLS, with nothing but the certificate."""
    inventory = op.cluster.inventory
    wanted = desired_hosts(inventory, None, truth.runtime, truth.shared_secret, truth.tls_files)
    ours = f"file:{CERTIFICATE_FILE}"
    return {
        name: DesiredHost(
            name,
            resources=tuple(one for one in wanted[name].resources if one.id == ours),
            postconditions=(serves(tls, python_of(inventory, name), found.certificate.own),),
            partial=True,
        )
        for name in tls_hosts(inventory)
    }


def _plans(op: Operation, tls: Tls, truth: Truth, found: ClusterCertificate) -> Plans:
    plans = plan_hosts(op.cluster.inventory, _hosts(op, tls, truth, found), op.fleet)
    for name, plan in plans.hosts.items():
        if plan.first_time:
            plans.hosts[name] = replace(plan, problems=(*plan.problems, _NEVER))
    plans.told = truth.told
    return plans


def _apply(op: Operation, plans: Plans, hosts: dict[str, DesiredHost]) -> ApplyResult:
    return apply_plans(
        plans,
        [Wave("hosts that end TLS", tuple(hosts))],
        {name: host.postconditions for name, host in hosts.items()},
        op.fleet,
        pace=Pace(forks=1),
        run_id=op.run.id,
        holder=op.run.holder,
        journal=op.run.journal,
        progress=op.progress,
    )
