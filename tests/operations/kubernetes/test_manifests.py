"""The manifests, as Helm rendered them: `test_helm.py` compares them with what it renders now."""

import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.session_routing.peers.file import PeersFile

from . import custom_resources
from .pod_security import faults
from .site import ALERTS, SITES, container, digest, files, manifests, one, recorded

_WAS = "charts have changed since: UPDATE_GOLDEN=1 pytest -m long tests/operations/kubernetes"


@pytest.mark.parametrize("name", SITES)
def test_what_is_recorded_is_of_this_chart(name: str) -> None:
    with recorded(name).open(encoding="utf-8") as file:
        assert file.readline() == f"# {digest(name)}\n", _WAS


@pytest.mark.parametrize("name", SITES)
def test_the_restricted_pod_security_profile_admits_every_pod(name: str) -> None:
    pod = one(name, "StatefulSet")["spec"]["template"]["spec"]
    assert faults(pod) == []
    for spoiled, said in (
        ({"hostNetwork": True}, "hostNetwork"),
        ({"securityContext": {}}, "runAsNonRoot"),
        ({"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}, "volume x"),
    ):
        assert said in faults({**pod, **spoiled})
    spoiled = copy.deepcopy(pod)
    del spoiled["containers"][0]["securityContext"]["capabilities"]
    assert faults(spoiled) == ["capabilities.drop"]


@pytest.mark.parametrize("name", SITES)
def test_custom_resources_are_as_their_schemas_say_and_nothing_besides(name: str) -> None:
    found = [x for x in manifests(name) if x["kind"] in custom_resources.known()]
    for manifest in found:
        custom_resources.check(manifest)
        for spoiled in _with_a_wrong_key(manifest):
            with pytest.raises(jsonschema.ValidationError):
                custom_resources.check(spoiled)
    kinds = {manifest["kind"] for manifest in found}
    assert (name == "plain") == (not kinds)
    assert name != "cards" or kinds == custom_resources.known()


def _with_a_wrong_key(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**manifest, "spec": {**manifest["spec"], "replica": 1}}, {**manifest, "spec": 1}]


@pytest.mark.parametrize("name", SITES)
def test_a_pod_has_the_time_to_end_its_longest_job(name: str) -> None:
    spec = one(name, "StatefulSet")["spec"]["template"]["spec"]
    environment = {entry["name"]: entry.get("value") for entry in container(name)["env"]}
    longest = int(str(environment["COSYVOICE_LONGEST_TIMEOUT"]))
    assert longest >= int(str(environment["COSYVOICE_JOB_TIMEOUT"]))
    stop = container(name)["lifecycle"]["preStop"]["exec"]["command"][-1]
    paused = int(re.fullmatch(r'touch "\$COSYVOICE_DRAIN_FILE"; sleep (\d+)', stop)[1])  # type: ignore[index]
    assert spec["terminationGracePeriodSeconds"] == paused + longest + 10 + 5
    # Readiness is lost, and known to be, before SIGTERM comes.
    probe = container(name)["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < paused
    for scaled in (x for x in manifests(name) if x["kind"] == "ScaledObject"):
        down = scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] > longest


@pytest.mark.parametrize("name", ["plain", "watched", "cards"])
def test_peers_are_all_pods_there_may_be_by_the_names_that_they_have(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "peers"
    path.write_text(one(name, "ConfigMap", "-peers")["data"]["peers"], encoding="utf-8")
    found = PeersFile(path).peers()
    nodes = one(name, "StatefulSet")
    most = next(
        (x["spec"]["maxReplicaCount"] for x in manifests(name) if x["kind"] == "ScaledObject"),
        nodes["spec"].get("replicas"),
    )
    assert [peer.name for peer in found] == [f"tts-{number}" for number in range(most)]
    service = one(name, "Service", "-nodes")
    assert nodes["spec"]["serviceName"] == service["metadata"]["name"] == "tts-nodes"
    port = service["spec"]["ports"][0]["port"]
    assert found[1].url == f"http://tts-1.tts-nodes:{port}"
    assert container(name)["ports"] == [{"name": "http", "containerPort": port}]
    first = container(name)["env"][0]
    assert first["name"] == "COSYVOICE_NODE_NAME"
    assert first["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def _expanded(text: str) -> str:
    """What Kubernetes makes of a text of command, args or env where no variable is known."""
    return re.sub(r"\$\$|\$\(([^)]*)\)", lambda found: "$" if found[0] == "$$" else "GONE", text)


def test_no_text_becomes_yaml_a_template_or_a_variable() -> None:
    given = SITES["hostile"][1]
    assert [_expanded(one) for one in container("hostile")["args"]][3:] == given["app"]["arguments"]
    environment = {one["name"]: one.get("value") for one in container("hostile")["env"]}
    assert _expanded(str(environment["COSYVOICE_OUTPUT_DIR"])) == given["storage"]["mount_point"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container("hostile")["volumeMounts"]}
    assert mounts["outputs"] == given["storage"]["mount_point"]
    assert one("hostile", "Service")["metadata"]["annotations"] == {
        **given["service"]["annotations"],
        "metallb.io/loadBalancerIPs": "192.168.1.100",
    }
    relabelled = one("hostile", "ServiceMonitor")["spec"]["endpoints"][0]["relabelings"]
    assert relabelled[1] == {"targetLabel": "cluster", "replacement": "{{ .Release.Name }} $$1"}
    values = yaml.safe_load(files("hostile")["chart/values.yaml"])
    assert values["app"]["arguments"][0] == "--voice-names=a=$(HOSTNAME)$$"
    assert values["storage"]["nfs"]["path"] == "/数据/$(HOME)"


def test_without_session_routing_a_client_stays_with_a_pod() -> None:
    assert one("hostile", "Service")["spec"]["sessionAffinity"] == "ClientIP"
    assert one("plain", "Service")["spec"]["sessionAffinity"] == "None"
    kinds = [manifest["kind"] for manifest in manifests("hostile")]
    assert "ConfigMap" not in kinds and "PersistentVolumeClaim" not in kinds


@pytest.mark.parametrize("name", SITES)
def test_alerts_are_rules_that_prometheus_takes(name: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(files(name)[ALERTS], encoding="utf-8")
    words = ["promtool", "check", "rules", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    spec = yaml.safe_load(files(name)[ALERTS])
    custom_resources.check({**one("watched", "PrometheusRule"), "spec": spec})
    rules = [rule for group in spec["groups"] for rule in group["rules"]]
    down = next(rule for rule in rules if rule.get("alert") == "NodeDown")
    assert down["annotations"]["summary"] == "The app on {{ $labels.node }} does not answer"
    runbook = "https://docs.example.org/runbooks/NodeDown.md"
    assert name != "watched" or down["annotations"]["runbook_url"] == runbook
