"""Every engine with every kind of TLS and storage, with GPUs and without: rendered by Helm, taken
by Kubernetes' schemas and those of custom resources, and admitted by the profile *restricted*."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.model.loader.load import parse_inventory
from provisioning.operations.kubernetes.chart import kubernetes_files

from . import custom_resources
from .pod_security import faults

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
_VERSION = "1.33"
_ENGINES = {
    "espeak": "espeak",
    "kokoro": "kokoro",
    "cosyvoice3": "{name: cosyvoice3, model: {modelscope: a/b, revision: master}, gpus: GPUS}",
}
_TLS: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("", {}),
    "ingress": ("tls: {names: [tts.example.org], authority: cluster}", {}),
    "gateway": (
        "tls: {names: [tts.example.org], authority: cluster}",
        {"tls": {"by": "gateway", "class": "cilium"}},
    ),
}
_STORAGE: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("", {}),
    "NFS": ('storage: {source: "nas.example.org:/out"}', {}),
    "class": ("storage: {hosts: {nas1: 192.168.1.20}}", {"storage_class": "cephfs"}),
    "claim": ("storage: {hosts: {nas1: 192.168.1.20}}", {"claim": "there"}),
}
_SCALING = {"enabled": True, "prometheus": "http://prometheus:9090"}


@pytest.mark.parametrize("gpus", [False, True], ids=["CPU", "GPU"])
@pytest.mark.parametrize("engine", _ENGINES)
def test_every_way_to_combine_them_is_rendered_and_taken(
    engine: str, gpus: bool, tmp_path: Path
) -> None:
    for number, (tls, storage) in enumerate(itertools.product(_TLS, _STORAGE)):
        lines = [_inventory(engine, gpus), _TLS[tls][0], _STORAGE[storage][0]]
        chart = _written(tmp_path / str(number), "\n".join(lines))
        values = {
            **_TLS[tls][1],
            "storage": _STORAGE[storage][1],
            "scaling": _SCALING,
            "artifacts": {"claim": "weights"},
        }
        found = {one["kind"]: one for one in _checked(chart, values)}
        assert ("Ingress" in found, "Gateway" in found) == (tls == "ingress", tls == "gateway")
        assert ("PersistentVolume" in found) == (storage == "NFS")
        assert ("PersistentVolumeClaim" in found) == (storage in ("NFS", "class"))
        pod = found["StatefulSet"]["spec"]["template"]["spec"]
        limits = pod["containers"][0]["resources"]["limits"]
        assert limits == ({"nvidia.com/gpu": 2} if gpus else {})
        assert ("nodeSelector" in pod) == ("tolerations" in pod) == gpus
        mounted = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert ("artifacts" in mounted) == (engine != "espeak")
        assert len(found["ScaledObject"]["spec"]["triggers"]) == 1 + gpus


def _inventory(engine: str, gpus: bool) -> str:
    cards = "gpus: {count: 2, memory: 24}, " if gpus else ""
    wanted = _ENGINES[engine].replace("GPUS", "all" if gpus else "none")
    return f"""\
vip: 192.168.1.100
directors: {{hosts: {{lvs1: 192.168.1.11, lvs2: 192.168.1.12}}}}
real_servers: {{{cards}hosts: {{rs1: 192.168.1.101, rs2: 192.168.1.102}}}}
monitoring: {{}}
app: {{venv: true, engine: {wanted}}}"""


def _written(folder: Path, text: str) -> Path:
    for file in kubernetes_files(parse_inventory(text, Path("x.yaml")).inventory):
        place = folder / file.path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.content, encoding="utf-8")
    return folder / "chart"


def _checked(chart: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    helm = pytest.importorskip("helm_python", reason="pip install '.[charts]'")
    validate = pytest.importorskip("kubernetes_validate", reason="pip install '.[charts]'")
    with helm.Chart.load(str(chart)) as loaded:
        rendered = loaded.render(values=values, name="tts", namespace="speech")
    texts = [text for path, text in rendered.items() if path.endswith(".yaml")]
    found = [one for text in texts for one in yaml.safe_load_all(text) if one]
    for manifest in found:
        if manifest["kind"] in custom_resources.known():
            custom_resources.check(manifest)
        else:
            validate.validate(manifest, _VERSION, strict=True)
        if manifest["kind"] == "StatefulSet":
            assert faults(manifest["spec"]["template"]["spec"]) == []
    return found
