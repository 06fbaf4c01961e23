"""What ``cluster plan`` shows of a file that was on a host before this program."""

import io
from pathlib import Path

from rich.console import Console

from provisioning.cli.views.plan import show_plans
from provisioning.engine.apply import apply_plan
from provisioning.engine.observe import observe_and_plan
from provisioning.engine.plan import HostPlan
from provisioning.engine.plan_record import plan_record
from provisioning.engine.progress import silent
from provisioning.operations.planning import Plans
from provisioning.resources.file import File
from tests.engine.sandbox import SandboxTransport

_NOT_OURS = "not put there by this program; kept in /var/lib/cosyvoice-cluster/original"


def planned(transport: SandboxTransport, *files: File) -> HostPlan:
    return observe_and_plan("lvs1", transport, (), files, {})[0]


def shown(plan: HostPlan) -> str:
    said = io.StringIO()
    show_plans(Console(file=said, width=200), Plans(hosts={"lvs1": plan}))
    return said.getvalue()


def adopts(plan: HostPlan) -> list[bool]:
    return [step["adopts"] for step in plan_record(plan)["steps"]]


def test_a_keepalived_conf_of_somebody_is_not_replaced_without_a_word(tmp_path: Path) -> None:
    transport, path = SandboxTransport(tmp_path), tmp_path / "keepalived.conf"
    path.write_text("vrrp_instance office {}\n")
    wanted = File(path=str(path), content="vrrp_instance VI_1 {}\n")
    plan = planned(transport, wanted)
    assert _NOT_OURS in shown(plan) and "-vrrp_instance office {}" in shown(plan)
    assert adopts(plan) == [True]
    apply_plan(plan, transport, run_id="r", holder="me", progress=silent)
    # From now on it is ours: an edit of the inventory is no news.
    again = planned(transport, File(path=str(path), content="vrrp_instance VI_2 {}\n"))
    assert _NOT_OURS not in shown(again) and adopts(again) == [False]


def test_it_is_told_where_a_secret_hides_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "keepalived.conf"
    path.write_text("auth_pass theirs\n")
    secret = File(path=str(path), content="auth_pass ours\n", sensitive=True)
    plan = planned(SandboxTransport(tmp_path), secret)
    assert _NOT_OURS in shown(plan) and "auth_pass" not in shown(plan)


def test_a_link_counts_and_owner_or_mode_do_not(tmp_path: Path) -> None:
    link, loose = tmp_path / "link", tmp_path / "loose"
    link.symlink_to("/dev/null")
    loose.write_text("same\n")
    loose.chmod(0o600)
    files = [File(path=str(link), content="x\n"), File(path=str(loose), content="same\n")]
    assert adopts(planned(SandboxTransport(tmp_path), *files)) == [True, False]
    created = File(path=str(tmp_path / "new"), content="x\n")
    assert adopts(planned(SandboxTransport(tmp_path), created)) == [False]
