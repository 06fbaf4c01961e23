"""A rolling upgrade takes its release from a bundle, also when it goes on after a cut."""

from pathlib import Path

import pytest

from provisioning.operations.bundle.errors import BundleError
from provisioning.operations.bundle.reading import open_bundle
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.planning import UpgradeConflictError
from provisioning.operations.rolling_upgrade.state import Node, Upgrade
from provisioning.operations.rolling_upgrade.upgrade import rebuild_release
from tests.operations.bundle.made import Made, made


@pytest.fixture
def site(tmp_path: Path) -> Made:
    found = made(tmp_path / "site")
    found.write()
    return found


def cut(target: str) -> Upgrade:
    nodes = (Node("rs1", "real_server", 1, old="0"),)
    return Upgrade("r1", target, {"to": ""}, UpgradeOptions(), nodes, "2026-11-29T07:00:00+00:00")


def test_the_release_of_a_cut_run_is_the_bundles(site: Made) -> None:
    bundle = open_bundle(site.bundle)
    saved = cut(bundle.manifest.release.id)
    found = rebuild_release(site.cluster, saved, site.bundle)
    assert found is not None and found.bundle is not None
    assert found.release.environment is not None and found.release.environment.wheels
    # Without it nodes would ask an index for the packages.
    without = rebuild_release(site.cluster, saved)
    assert without is not None and without.bundle is None
    assert without.release.environment is not None
    assert without.release.environment.wheels is None


def test_a_bundle_with_another_release(site: Made) -> None:
    with pytest.raises(UpgradeConflictError, match="the upgrade to resume brings 9-0123"):
        rebuild_release(site.cluster, cut("9-0123"), site.bundle)


def test_a_bundle_that_is_not_there(site: Made) -> None:
    with pytest.raises(BundleError, match="No such file"):
        rebuild_release(site.cluster, cut("9-0123"), site.folder / "absent")
