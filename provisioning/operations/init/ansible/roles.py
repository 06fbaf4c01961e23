"""Roles of Ansible's groups, by their names. Pure."""

import re
from collections.abc import Iterable, Mapping

_WORDS = {
    "directors": r"directors?|lvs|ipvs|keepalived|load_?balancers?|balancers?|lbs?"
    r"|调度器?|负载均衡",
    "real_servers": r"real_?servers?|rs|gpus?|gpu_?(servers?|nodes?|workers?)|workers?|tts|nodes?"
    r"|cosyvoice|backends?|apps?|app_?servers?|web|真实服务器|节点",
    "storage": r"storages?|nfs|nas|nfs_?servers?|存储",
    "edges": r"edges?|nginx|gateways?|ingress|prox(y|ies)|网关|边缘",
    "monitoring": r"monitoring|monitors?|mon|prometheus|metrics|监控",
    "logs": r"logs?|log_?hosts?|logging|syslog|rsyslog|日志",
}


def guessed(groups: Iterable[str], roles: Iterable[str]) -> dict[str, list[str]]:
    """For each role the groups that may be it: the one called as the role is, else all whose names
    say so."""
    names = list(groups)
    return {role: _candidates(role, names) for role in roles}


def _candidates(role: str, names: list[str]) -> list[str]:
    if role in names:
        return [role]
    words = re.compile(_WORDS.get(role, re.escape(role)), re.IGNORECASE)
    return [name for name in names if words.fullmatch(name.replace("-", "_"))]


def narrowed(candidates: list[str], groups: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Without groups that are within another of them, or hold the same hosts."""
    kept: list[str] = []
    for name in sorted(candidates, key=lambda one: -len(groups[one])):
        if not any(set(groups[name]) <= set(groups[other]) for other in kept):
            kept.append(name)
    return [name for name in candidates if name in kept]
