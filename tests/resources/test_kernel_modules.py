"""Modules: which there are is read from this machine's kernel; modprobe is a stand-in that keeps
its modules in a folder, as this machine may have none to load."""

import os
from pathlib import Path

import pytest

from provisioning.resources.base import Observation
from provisioning.resources.kernel_module import KernelModules
from tests.resources.host import Host
from tests.resources.invariants import remembered

_MODPROBE = """\
#!/bin/sh
echo "$@" >> {folder}/said
case $* in *missing*) echo "modprobe: FATAL: Module missing not found" >&2; exit 1 ;; esac
"""

LOADED = next(iter(sorted(os.listdir("/sys/module"))))  # noqa: PTH208


@pytest.fixture
def said(host: Host, tmp_path: Path) -> Path:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "modprobe").write_text(_MODPROBE.format(folder=tmp_path))
    (tools / "modprobe").chmod(0o755)
    host.path = f"{tools}:{host.path}"
    return tmp_path / "said"


def test_what_the_kernel_has_needs_nothing(host: Host) -> None:
    assert host.change(KernelModules(names=(LOADED, LOADED.replace("_", "-")))) is None


def test_only_what_is_missing_is_loaded_and_unloaded(host: Host, said: Path) -> None:
    modules = KernelModules(names=(LOADED, "ip-vs-none", "ip_vs_nil"))
    for way in ("undo", "remove"):
        run = host.begin()
        change = host.change(modules)
        assert change is not None
        assert change.summary == "load ip_vs_none, ip_vs_nil"
        host.must(change.apply, run)
        host.must(change.undo if way == "undo" else modules.remove(), run)
        assert said.read_text().splitlines() == [
            "-a -- ip_vs_none ip_vs_nil",
            "-r -- ip_vs_nil",
            "-r -- ip_vs_none",
        ]
        said.unlink()
        assert remembered(host) == []
    host.must(modules.remove())
    assert not said.exists()


def test_one_that_cannot_be_loaded_is_named(host: Host, said: Path) -> None:
    change = host.change(KernelModules(names=("missing",)))
    assert change is not None
    run = host.begin()
    failed = host.run(change.apply, run)
    assert failed.status != 0
    assert "Module missing not found" in failed.stderr
    assert "could not load missing; does the running kernel have" in failed.stderr
    host.must(change.undo, run)
    assert remembered(host) == []


def test_a_built_in_one_counts_as_loaded() -> None:
    wanted = KernelModules(names=("ip_vs", "nf_conntrack", "dm-mod"))
    listed = "kernel/net/netfilter/nf_conntrack.ko\nkernel/drivers/md/dm-mod.ko\n"
    assert wanted.compare(Observation(f"ip_vs \n{listed}", "", 0)) is None
    change = wanted.compare(Observation(f"\n{listed}", "", 0))
    assert change is not None
    assert change.summary == "load ip_vs"


@pytest.mark.parametrize("names", [(), ("ip vs",), ("../x",)])
def test_wrong_names_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="kernel module"):
        KernelModules(names=names)
