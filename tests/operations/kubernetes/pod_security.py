"""The restricted Pod Security Standard, control by control, as faults of a pod's specification.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ (baseline and restricted).
"""

from collections.abc import Iterator
from typing import Any

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip
_SECCOMP = ("RuntimeDefault", "Localhost")


def faults(pod: dict[str, Any]) -> list[str]:
    """What the admission would refuse; empty where it admits the pod."""
    return [*_of_pod(pod), *(fault for one in _containers(pod) for fault in _of(one, pod))]


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def _of_pod(pod: dict[str, Any]) -> Iterator[str]:
    for shared in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(shared):
            yield shared
    context = pod.get("securityContext", {})
    if context.get("runAsUser") == 0:
        yield "runAsUser 0"
    if context.get("sysctls"):
        yield "sysctls"
    for volume in pod.get("volumes", []):
        if not {*volume} - {"name"} <= _VOLUMES:
            yield f"volume {volume['name']}"


def _of(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    own, shared = container.get("securityContext", {}), pod.get("securityContext", {})
    both = {**shared, **own}
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if both.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if own.get("runAsUser") == 0:
        yield "runAsUser 0"
    if both.get("seccompProfile", {}).get("type") not in _SECCOMP:
        yield "seccompProfile"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities.drop"
    if not {*capabilities.get("add", [])} <= {"NET_BIND_SERVICE"}:
        yield "capabilities.add"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "hostPort"
    if own.get("procMount", "Default") != "Default":
        yield "procMount"
