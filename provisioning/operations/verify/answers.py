"""The VIPs answer a client on every service port."""

from provisioning.operations.verify.check import CheckResult
from provisioning.operations.verify.client_report import ClientReport
from provisioning.roles.wanted_services import WantedService


def check_answers(wanted: WantedService, report: ClientReport) -> CheckResult:
    """Every connection of the client got an HTTP answer. Pure."""
    name = f"{wanted.endpoint} answers"
    replies = report.replies.get(wanted.endpoint, ())
    failures = [reply for reply in replies if reply.status != 200]
    if not replies:
        return CheckResult(name, False, "no connection was made", "see the other checks")
    if failures:
        first = failures[0]
        said = first.error or f"HTTP status {first.status}"
        return CheckResult(
            name,
            False,
            f"{len(failures)} of {len(replies)} requests failed: {said}",
            "`cluster status` shows which director and which nodes are in order",
        )
    return CheckResult(name, True, f"{len(replies)} of {len(replies)} requests")
