"""Every host that ends TLS shows clients a certificate that they take, and the same one."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from ...facts.served_certificate import ServedCertificate
from ...model.inventory import Inventory
from ...model.tls.certificate import days, uncovered
from ...model.tls.tls import Tls
from ...places import ACME_LOG
from ...roles.real_server.acme_program import PLACEHOLDER
from ..cluster_state.state import ClusterState
from .fault import Fault

_RENEW = "`cluster certificates renew`"
_ROLL_OUT = "`cluster deploy` brings all of them the same"


def certificate_faults(inventory: Inventory, state: ClusterState) -> list[Fault]:
    """Certificates that are missing, about to end, for other names, or older than others'."""
    servers = {name: one.certificate for name, one in state.real_servers.items()}
    others = {
        name: one.certificate for hosts in state.others.values() for name, one in hosts.items()
    }
    shown = {name: one for name, one in {**servers, **others}.items() if one}
    return faults_of_shown(inventory.tls, shown) if inventory.tls else []


def faults_of_shown(
    tls: Tls, shown: dict[str, ServedCertificate], wanted: ServedCertificate | None = None
) -> list[Fault]:
    """Faults of what hosts show; where it is not known what is ``wanted``, what most of
    them show is."""
    serial = wanted.serial if wanted else _usual(shown)
    return [
        Fault(name, text, fix)
        for name, certificate in shown.items()
        for text, fix in _one(tls, certificate, serial, "wanted" if wanted else "of most others")
    ]


def _usual(shown: dict[str, ServedCertificate]) -> str:
    """The serial number that most have."""
    counts = Counter(one.serial for one in shown.values() if not one.problem)
    return counts.most_common(1)[0][0] if counts else ""


def _one(tls: Tls, shown: ServedCertificate, serial: str, whose: str) -> Iterator[tuple[str, str]]:
    left = shown.days_left(datetime.now(UTC))
    if shown.until is None or left is None:
        yield (
            f"shows no certificate on port {tls.port}: {shown.problem}",
            "`cluster deploy` puts Nginx right",
        )
        return
    if PLACEHOLDER in shown.issuer:
        yield (
            "shows a placeholder: it has no certificate yet",
            f"`cluster certificates renew` asks at once; {ACME_LOG} there says why none was given",
        )
        return
    if left <= 0:
        yield f"its certificate ended on {shown.until:%Y-%m-%d}", _new_one(tls)
    elif left < tls.warn_days:
        yield f"its certificate ends on {shown.until:%Y-%m-%d}, in {days(left)}", _new_one(tls)
    if missing := uncovered(shown.names, tls.names):
        names = ", ".join(shown.names) or "no name at all"
        yield f"its certificate is for {names}, not for {', '.join(missing)}", _new_one(tls)
    if shown.serial != serial:
        yield f"shows the certificate {shown.serial}, not the one {whose}, {serial}", _ROLL_OUT


def _new_one(tls: Tls) -> str:
    if tls.certificate is not None:
        return f"get a new one, put it in place of {tls.certificate}, then {_RENEW}"
    return f"{_RENEW} brings a new one"
