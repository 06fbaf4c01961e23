"""The state a cluster is to have, from the inventory, from what the cluster remembers of itself,
and from what its hosts carry; for plan and deploy."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ...engine.fleet import Fleet
from ...model.cluster_record import secret_id
from ...model.runtime import Drain, Runtime
from ...model.secrets.shared_secret import SharedSecret
from ...places import DRAIN_FILE
from ...roles.tls_files import TlsFiles
from ..cluster.certificate import ClusterCertificate, cluster_certificate, keep_certificate
from ..cluster.cluster import Cluster
from ..cluster.log_certificates import (
    LogCertificates,
    keep_log_certificates,
    log_certificates,
)
from ..cluster.secret import ClusterSecret, cluster_secret, keep_secret
from ..planning import Plans
from ..state_folder.deployed_hosts import (
    DeployedHosts,
    deployed_hosts,
    load_deployed_hosts,
)
from ..state_folder.runtime_state import change, load_record, without_pins
from .memory import remembered
from .working_fleet import tell_of

_MARK = re.compile(r"(drained|stopped) since (\S+) by (.+? run [^\s:]+)(?:: (.*))?")


@dataclass(frozen=True, slots=True)
class Truth:
    """The facts that count now."""

    runtime: Runtime
    secret: ClusterSecret | None
    tls: ClusterCertificate | None = None
    logs: LogCertificates | None = None
    told: tuple[str, ...] = ()
    """Things this folder did not know, for people."""
    members: DeployedHosts = field(default_factory=dict)
    """Hosts that were deployed."""

    @property
    def shared_secret(self) -> SharedSecret | None:
        """The secret as hosts get it."""
        return self.secret.shared if self.secret else None

    @property
    def tls_files(self) -> TlsFiles | None:
        """The files of TLS; None without any."""
        files = self.tls.files if self.tls else None
        if self.logs is None:
            return files
        certificate = files.certificate if files else None
        return TlsFiles(certificate, self.logs.authority.pem(), self.logs.files)


def looked_up(cluster: Cluster, fleet: Fleet) -> Truth:
    """For a look that holds nothing. Raises ``OperationError`` and ``SecretError``."""
    memory = remembered(cluster, fleet)
    record = memory.record
    secret = cluster_secret(cluster, fleet, record.secret, record.rotation)
    tls = cluster_certificate(cluster, fleet)
    logs = log_certificates(cluster, fleet, tls)
    said = (*memory.told, *tell_of(record, cluster), *_said(secret, tls, logs))
    members = deployed_hosts(record.members) or load_deployed_hosts(cluster.state_dir)
    return Truth(record.runtime, secret, tls, logs, said, members)


def held(cluster: Cluster, fleet: Fleet) -> Truth:
    """For a run, which has taken over what the cluster remembers. Raises ``OperationError`` and
    ``SecretError``."""
    record = load_record(cluster.state_dir)
    secret = cluster_secret(cluster, fleet, record.secret, record.rotation)
    tls = cluster_certificate(cluster, fleet)
    logs = log_certificates(cluster, fleet, tls)
    return Truth(record.runtime, secret, tls, logs, tuple(_said(secret, tls, logs)))


def planned(truth: Truth, plan: Callable[[Truth], Plans]) -> tuple[Plans, Truth]:
    """The plans, and what counts after the look that they took: a drain mark that nothing else
    knows of is a drain, and what a host had before it was installed anew binds it no more."""
    plans = plan(truth)
    corrected = _corrected(truth, plans)
    if corrected is truth:
        return plans, truth
    return plan(corrected), corrected


def establish(cluster: Cluster, truth: Truth) -> None:
    """Before a run changes hosts: what it took over counts from now on, here and on the hosts
    that remember it. Raises ``RuntimeStateError`` and ``TransportError``."""
    if truth.secret is not None:
        keep_secret(cluster, truth.secret)
    if truth.tls is not None:
        keep_certificate(cluster, truth.tls)
    if truth.logs is not None:
        keep_log_certificates(cluster, truth.logs)
    made_here = truth.secret is not None and truth.secret.made_here
    secret = secret_id(truth.secret.value) if truth.secret and made_here else None
    change(cluster.state_dir, lambda record: replace(record, runtime=truth.runtime, secret=secret))


def _said(*found: ClusterSecret | ClusterCertificate | LogCertificates | None) -> list[str]:
    return [one.told for one in found if one and one.told]


def _corrected(truth: Truth, plans: Plans) -> Truth:
    runtime, told = truth.runtime, []
    for name, text in _unknown_marks(truth.runtime, plans).items():
        drain = drain_from(text)
        runtime = replace(runtime, drains={**runtime.drains, name: drain})
        told.append(f"{name}: carries a drain mark: {drain}; taken over (`cluster undrain {name}`)")
    for name, pin in truth.runtime.pins.items():
        plan = plans.hosts.get(name)
        if plan is not None and plan.first_time:
            runtime = without_pins(runtime, [name])
            told.append(
                f"{name}: was to stay with release {pin.release}, and is a new installation that "
                "does not have it; it gets the inventory's"
            )
    return replace(truth, runtime=runtime, told=(*truth.told, *told)) if told else truth


def _unknown_marks(runtime: Runtime, plans: Plans) -> dict[str, str]:
    found = {}
    for name, plan in plans.hosts.items():
        for step in plan.steps:
            if step.id == f"mark:{DRAIN_FILE}" and name not in runtime.drains:
                found[name] = step.change.before.strip()
    return found


def drain_from(mark: str) -> Drain:
    """The drain that a mark tells of; a mark in other words is a drain too. Pure."""
    if match := _MARK.fullmatch(mark):
        word, since, who, reason = match.groups()
        return Drain(who, since, reason or "", stopped=word == "stopped")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Drain(f"a mark on the host, by hand ({DRAIN_FILE})", now, " ".join(mark.split()))
