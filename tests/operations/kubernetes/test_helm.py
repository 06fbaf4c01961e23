"""Helm, kubectl and Kubernetes' own schemas on the chart. They are heavy: ``pip install
'.[charts]'``, then ``scripts/test -m long tests/operations/kubernetes``."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .site import A_RULE, ALERTS, SITES, digest, files, recorded, values

pytestmark = pytest.mark.long
_CUSTOM = ("keda.sh/", "monitoring.coreos.com/", "gateway.networking.k8s.io/")
_VERSIONS = ("1.27", "1.33", "1.37")
"""The oldest that the chart takes, and later ones."""


@pytest.fixture
def chart(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for path, text in files(request.param).items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path / "chart"


def _rendered(chart: Path, given: dict[str, Any], name: str = "tts") -> Iterator[str]:
    helm = pytest.importorskip("helm_python", reason="pip install '.[charts]'")
    with helm.Chart.load(str(chart)) as loaded:
        found = loaded.render(values=given, name=name, namespace="speech")
    for path in sorted(found):
        if path.endswith(".yaml"):
            yield found[path].strip()


def _manifests(chart: Path, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for text in _rendered(chart, given):
        yield from filter(None, yaml.safe_load_all(text))


@pytest.mark.parametrize(("name", "chart"), [(name, name) for name in SITES], indirect=["chart"])
def test_helm_finds_no_fault_and_renders_what_is_recorded(name: str, chart: Path) -> None:
    helm = pytest.importorskip("helm_python", reason="pip install '.[charts]'")
    report = helm.lint(str(chart), values=values(name), strict=True)
    faults = [one for one in report["messages"] if one["severity"] > 1]
    assert (faults, report["errors"]) == ([], [])
    told = {one["kind"]: one for one in _manifests(chart, values(name))}
    if "PrometheusRule" in told:
        assert told["PrometheusRule"]["spec"] == yaml.safe_load(files(name)[ALERTS])
    rules = {"groups": [{"name": "cosyvoice", "rules": [A_RULE]}]}
    (chart.parent / ALERTS).write_text(yaml.safe_dump(rules), encoding="utf-8")
    text = "\n---\n".join(filter(None, _rendered(chart, values(name))))
    text = f"# {digest(name)}\n{text}\n"
    if os.environ.get("UPDATE_GOLDEN"):
        recorded(name).write_text(text, encoding="utf-8")
    assert text == recorded(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("name", SITES)
def test_kubernetes_takes_every_manifest(name: str, version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install '.[charts]'")
    checked = 0
    for manifest in yaml.safe_load_all(recorded(name).read_text(encoding="utf-8")):
        if manifest and not manifest["apiVersion"].startswith(_CUSTOM):
            validate.validate(manifest, version, strict=True)
            checked += 1
    assert checked >= 5
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "dat": {}}
    with pytest.raises(validate.ValidationError):
        validate.validate(wrong, version, strict=True)


@pytest.mark.parametrize("name", SITES)
def test_kustomize_takes_the_manifests(name: str, tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("needs kubectl")
    shutil.copy(recorded(name), tmp_path / "all.yaml")
    (tmp_path / "kustomization.yaml").write_text("namespace: speech\nresources: [all.yaml]\n")
    done = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = [one for one in yaml.safe_load_all(recorded(name).read_text()) if one]
    assert len([*yaml.safe_load_all(done.stdout)]) == len(wanted)


@pytest.mark.parametrize(
    ("chart", "wrong", "said"),
    [
        ("plain", {"skaling": {"enabled": True}}, "skaling"),
        ("plain", {"scaling": {"enabled": True}}, "scaling.prometheus"),
        ("cards", {"artifacts": {"image": None}}, "artifacts: name a claim"),
        ("plain", {"service": {"type": "LoadBalncer"}}, "service/type"),
    ],
    indirect=["chart"],
)
def test_values_that_cannot_be_are_refused_with_their_name(
    chart: Path, wrong: dict[str, Any], said: str
) -> None:
    helm = pytest.importorskip("helm_python", reason="pip install '.[charts]'")
    with pytest.raises(helm.HelmError, match=said):
        list(_rendered(chart, wrong))


@pytest.mark.parametrize("chart", ["plain"], indirect=True)
def test_a_release_is_called_as_a_service_can_be(chart: Path) -> None:
    helm = pytest.importorskip("helm_python", reason="pip install '.[charts]'")
    with pytest.raises(helm.HelmError, match="no dots"):
        list(_rendered(chart, {}, "tts.east"))


@pytest.mark.parametrize("chart", ["plain"], indirect=True)
@pytest.mark.parametrize(
    ("vips", "wanted"),
    [
        (["192.168.1.100"], {}),
        (["fd00::100"], {"ipFamilies": ["IPv6"]}),
        (["192.168.1.100", "fd00::100"], {"ipFamilyPolicy": "PreferDualStack"}),
    ],
)
def test_a_service_has_the_families_of_its_vips(
    chart: Path, vips: list[str], wanted: dict[str, Any]
) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install '.[charts]'")
    given = {"vips": vips, "service": {"load_balancer": "metallb"}}
    (found,) = (
        manifest
        for manifest in _manifests(chart, given)
        if manifest["kind"] == "Service" and manifest["metadata"]["name"] == "tts"
    )
    spec = found["spec"]
    assert {key: value for key, value in spec.items() if key.startswith("ipFamil")} == wanted
    assert found["metadata"]["annotations"] == {"metallb.io/loadBalancerIPs": ",".join(vips)}
    validate.validate(found, _VERSIONS[0], strict=True)
