"""Charts of the tests: inventories, and what an operator fills in besides."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory
from provisioning.operations.kubernetes.chart import kubernetes_files

HERE = Path(__file__).parent
ALERTS = "chart/files/alerts.yaml"
A_RULE = {
    "alert": "NodeDown",
    "expr": 'up{job="cosyvoice-node"} == 0',
    "for": "1m",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "The app on {{ $labels.node }} does not answer"},
}
"""Stands in for the alerts in what is recorded, so that it does not change with each of theirs."""
_PROMETHEUS = "http://prometheus.monitoring:9090"
SITES: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("plain", {"service": {"load_balancer": "kube-vip"}, "state": {"size": None}}),
    "watched": (
        "watched",
        {
            "tls": {"class": "nginx", "annotations": {"cert-manager.io/cluster-issuer": "letters"}},
            "monitoring": {"labels": {"release": "prometheus"}},
            "scaling": {"enabled": True, "prometheus": _PROMETHEUS},
            "artifacts": {"claim": "weights"},
            "storage": {"storage_class": "cephfs"},
        },
    ),
    "cards": (
        "cards",
        {
            "tls": {"by": "gateway", "class": "cilium"},
            "scaling": {"enabled": True, "prometheus": _PROMETHEUS, "max_replicas": 8},
            "artifacts": {"image": "registry.example.org/weights:1"},
            "runtime_class": "nvidia",
            "pull_secrets": ["registry"],
            "trusted_proxies": ["10.0.0.0/8"],
        },
    ),
    "hostile": (
        "hostile",
        {
            "service": {
                "type": "LoadBalancer",
                "load_balancer": "metallb",
                "load_balancer_class": "metallb",
                "external_traffic_policy": "Local",
                "annotations": {"example.org/说明": "{{ fail `x` }}"},
            },
            "storage": {"claim": "already-there", "mount_point": "/srv/{{ fail `x` }} $(HOME)'"},
            "app": {
                "arguments": ["--voice-names={{ .Values }}", "$(HOSTNAME) $$ \"'\\ 中\n- e: x"]
            },
            "name": "{{ .Release.Name }} $1",
            "network_policy": {
                "clients": [{"ipBlock": {"cidr": "192.168.0.0/16"}}],
                "egress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}],
            },
        },
    ),
}
"""Name of the inventory, and values over those that are rendered, by the name of the site."""


@cache
def inventory(name: str) -> Inventory:
    """A site's inventory."""
    return load_inventory(HERE / "inventories" / f"{SITES[name][0]}.yaml")


@cache
def files(name: str) -> dict[str, str]:
    """What the command writes, by the path below its folder."""
    return {file.path[1:]: file.content for file in kubernetes_files(inventory(name))}


def values(name: str) -> dict[str, Any]:
    """What an operator fills in, and a version that is not the project's own, which moves."""
    return {**SITES[name][1], "image": {"tag": "1"}}


def digest(name: str) -> str:
    """Fingerprint of the chart and its values, but for the alerts."""
    chart = {
        path: text
        for path, text in files(name).items()
        if path.startswith("chart/templates/") or path == "chart/Chart.yaml"
    }
    rendered = yaml.safe_load(files(name)["chart/values.yaml"])
    del rendered["image"]["tag"]
    text = json.dumps([chart, rendered, values(name)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def recorded(name: str) -> Path:
    """File with the manifests as Helm rendered them, below the digest."""
    return HERE / "rendered" / f"{name}.yaml"


@cache
def manifests(name: str) -> list[dict[str, Any]]:
    """The manifests of a site, as recorded."""
    text = recorded(name).read_text(encoding="utf-8")
    return [found for found in yaml.safe_load_all(text) if found]


def one(name: str, kind: str, ending: str = "") -> dict[str, Any]:
    """The one manifest of that kind whose name ends so."""
    (found,) = (
        manifest
        for manifest in manifests(name)
        if manifest["kind"] == kind and manifest["metadata"]["name"] == f"tts{ending}"
    )
    return found


def container(name: str) -> dict[str, Any]:
    """The node's container."""
    found: dict[str, Any] = one(name, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    return found
