"""Facts of directors, on outputs of real ones."""

from ipaddress import ip_address

from provisioning.facts.ipvs.sync_daemon import SYNC_ROLES
from provisioning.facts.keepalived import KEEPALIVED_HANGS, KEEPALIVED_REPLACED, KEEPALIVED_RUNS
from provisioning.facts.lan.vip_claims import Speaker, vip_claims
from provisioning.facts.lan.vrrp_state import vrrp_states
from provisioning.resources.base import Observation
from tests.facts.recordings import printed
from tests.operations.replay import INVENTORY

VIP = ip_address("10.77.0.100")


def test_sides_of_the_sync_daemon() -> None:
    text = (
        "master sync daemon (mcast=vec0, syncid=51, maxlen=1472, group=224.0.0.81, port=8848)\n"
        "backup sync daemon (mcast=vec0, syncid=51, maxlen=1472, group=224.0.0.81, port=8848)\n"
    )
    assert SYNC_ROLES.parse(printed(text)) == ("master", "backup")
    assert SYNC_ROLES.parse(printed(text.splitlines()[1])) == ("backup",)
    assert SYNC_ROLES.parse(printed("")) == ()


def test_a_vip_of_which_keepalived_has_told_nothing_has_no_state() -> None:
    two = INVENTORY.model_copy(update={"vip": None, "vips": INVENTORY.virtual_ips * 2})
    assert vrrp_states(INVENTORY).parse(printed("MASTER\n")) == {VIP: "MASTER"}
    assert vrrp_states(INVENTORY).parse(printed("\n")) == {}
    assert vrrp_states(two).fragment.count("read -r state") == 2


def test_keepalived_runs_hangs_or_was_replaced_on_the_disk() -> None:
    assert KEEPALIVED_RUNS.parse(printed("412 410\n"))
    assert not KEEPALIVED_RUNS.parse(printed("", 1))
    assert KEEPALIVED_HANGS.parse(printed("")) == ()
    assert KEEPALIVED_HANGS.parse(printed("vrrp (410) is stopped\n")) == ("vrrp (410) is stopped",)
    assert KEEPALIVED_REPLACED.parse(printed("", 0))
    assert not KEEPALIVED_REPLACED.parse(printed("", 1))


def test_claims_on_a_vip() -> None:
    text = (
        '{"owners": {"10.77.0.100": {"02:00:00:00:00:99": ["10.77.0.77"]}}, "speakers": [{"device":'
        ' "vec0", "vrid": 51, "source": "10.77.0.66", "priority": 200, "addresses":'
        ' ["10.77.0.100"]}], "problem": ""}'
    )
    claims = vip_claims(INVENTORY, "lvs1").parse(printed(text))
    assert claims.owners == {VIP: {"02:00:00:00:00:99": (ip_address("10.77.0.77"),)}}
    assert claims.speakers == (Speaker(51, ip_address("10.77.0.66"), 200, (VIP,)),)
    silent = vip_claims(INVENTORY, "lvs1").parse(Observation("", "sh: python3: not found", 127))
    assert "python3: not found" in silent.problem and not silent.owners
