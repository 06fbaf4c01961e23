"""Each alert with the metrics by which it burns, and those one step below."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A counter that grows by so much each minute."""

    a_minute: float


Value = float | Rate | None
"""Of a gauge, or a counter; None is no series at all."""


@dataclass(frozen=True)
class Case:
    """An alert."""

    alert: str
    series: dict[str, tuple[Value, Value]]
    """Values while it burns, and one step below, by series."""
    labels: dict[str, str]
    """Those it has, beside its name, severity and cluster."""
    burns_after: int
    """Minutes after which it burns at the latest."""
    not_after: float = 0
    """Minutes after which it does not burn yet: it has to last."""
    ends_after: int = 2
    """Minutes after which it has ended, once all is one step below."""
    step: str = "15s"
    """Time between evaluations."""


def host(name: str = "rs1", role: str = "real_server") -> str:
    """Labels of a series that a node exporter tells."""
    return f'cluster="c",instance="{name}",job="cosyvoice-host",node="{name}",role="{role}"'


def node(name: str = "rs1") -> str:
    """Labels of a series that an app tells."""
    return f'cluster="c",instance="{name}",job="cosyvoice-node",node="{name}",role="real_server"'


LVS1, LVS2 = host("lvs1", "director"), host("lvs2", "director")
_TO = 'local_address="192.0.2.100",local_port="7860",proto="TCP",remote_port="7860"'


def _ipvs(director: str, server: int) -> str:
    return f'node_ipvs_backend_weight{{{director},{_TO},remote_address="192.0.2.{server}"}}'


def _expected(director: str, server: int, what: str = "") -> str:
    name = f'real_server="rs{server}",service="web"'
    return (
        f"cluster_expected_real_server{what}"
        f'{{{director},{_TO},remote_address="192.0.2.{server}",{name}}}'
    )


def _vrrp(director: str) -> str:
    return f'keepalived_vrrp_state{{{director},iname="VI_1"}}'


def _drained(name: str) -> str:
    return f'cluster_drained{{{LVS1},real_server="{name}"}}'


_UP = f"keepalived_up{{{LVS1}}}"
_RS1 = {"instance": "rs1", "job": "cosyvoice-node", "node": "rs1", "role": "real_server"}
_ON_LVS1 = {"instance": "lvs1", "job": "cosyvoice-host", "node": "lvs1", "role": "director"}
_DISK = f'device="/dev/vda1",fstype="ext4",mountpoint="/",{host()}'
_DISK_LABELS = {"device": "/dev/vda1", "fstype": "ext4", "mountpoint": "/"}
_GPU = f'gpu="1",mig="",name="H100",uuid="GPU-1",{node()}'
_GPU0 = f'gpu="0",mig="",name="H100",uuid="GPU-0",{node()}'
_GPU_LABELS = {"gpu": "1", "name": "H100", "node": "rs1"}
_PROBE = 'cluster="c",instance="https://192.0.2.100:443/readyz",job="cosyvoice-probe",role="vip",service="https",vip="192.0.2.100"'
_PROBE_LABELS = {
    "instance": "https://192.0.2.100:443/readyz",
    "job": "cosyvoice-probe",
    "role": "vip",
    "service": "https",
    "vip": "192.0.2.100",
}
_EDGE = 'cluster="c",instance="edge1",job="cosyvoice-edge",node="edge1",role="edge"'
_ON_EDGE = {"instance": "edge1", "job": "cosyvoice-edge", "node": "edge1", "role": "edge"}
_OF_EDGE = {**_ON_EDGE, "job": "cosyvoice-host"}
_AS_SEEN = f'app_node="rs1",real_server="rs1",{host("edge1", "edge")}'
_MON = 'cluster="c",instance="mon1",job="cosyvoice-{}",node="mon1",role="monitoring"'
_DAY = 86400.0


def _mon(job: str) -> dict[str, str]:
    return {"instance": "mon1", "job": f"cosyvoice-{job}", "node": "mon1", "role": "monitoring"}


CASES = (
    Case("HostDown", {f"up{{{host()}}}": (0, 1)}, {**_RS1, "job": "cosyvoice-host"}, 2, 0.75),
    Case(
        "DiskFull",
        {
            f"node_filesystem_avail_bytes{{{_DISK}}}": (4, 5),
            f"node_filesystem_size_bytes{{{_DISK}}}": (100, 100),
        },
        {**_RS1, "job": "cosyvoice-host", **_DISK_LABELS},
        6,
        4,
    ),
    Case(
        "DiskFillsUp",
        {
            # 24 % of it are free, and are used up in 20 or in more than 24 hours at this pace.
            f"node_filesystem_avail_bytes{{{_DISK}}}": (Rate(-0.0166), Rate(-0.0125)),
            f"node_filesystem_size_bytes{{{_DISK}}}": (100, 100),
        },
        {**_RS1, "job": "cosyvoice-host", **_DISK_LABELS},
        120,
        20,
        ends_after=360,
        step="5m",
    ),
    Case(
        "MemoryShort",
        {
            f"node_memory_MemAvailable_bytes{{{host()}}}": (4, 5),
            f"node_memory_MemTotal_bytes{{{host()}}}": (100, 100),
        },
        {**_RS1, "job": "cosyvoice-host"},
        11,
        9,
    ),
    Case(
        "EdgeUnwatched",
        {f"up{{{_EDGE}}}": (0, 1), f"up{{{host('edge1', 'edge')}}}": (1, 1)},
        _ON_EDGE,
        3,
        1.5,
    ),
    Case("EdgeNginxDown", {f"nginx_up{{{host('edge1', 'edge')}}}": (0, 1)}, _OF_EDGE, 2, 0.75),
    Case(
        "EdgeReachesNoNode",
        {
            f"cluster_edge_node_ready{{{_AS_SEEN}}}": (0, 1),
            f"cluster_edge_node_drained{{{_AS_SEEN}}}": (0, 0),
            f"cosyvoice_ready{{{node()}}}": (1, 1),
        },
        {"app_node": "rs1"},
        3,
        1.5,
    ),
    Case(
        "EdgeRefusesJobs",
        {
            f'cosyvoice_edge_jobs_refused_total{{reason="full",{_EDGE}}}': (Rate(6), Rate(5)),
            f'cosyvoice_edge_jobs_refused_total{{reason="client",{_EDGE}}}': (Rate(90), Rate(90)),
            f'cosyvoice_edge_requests_total{{kind="job",code="503",{_EDGE}}}': (
                Rate(100),
                Rate(100),
            ),
        },
        {},
        7,
        4,
        ends_after=7,
    ),
    Case(
        "EdgeLosesJobs",
        {f"cosyvoice_edge_jobs_lost_total{{{_EDGE}}}": (Rate(1), 60)},
        {},
        2,
        ends_after=17,
    ),
    Case(
        "EdgeDropsConnections",
        {
            f"nginx_connections_accepted{{{host('edge1', 'edge')}}}": (Rate(61), Rate(60)),
            f"nginx_connections_handled{{{host('edge1', 'edge')}}}": (Rate(60), Rate(60)),
        },
        _OF_EDGE,
        4,
        1.5,
        ends_after=7,
    ),
    Case("NoMaster", {_vrrp(LVS1): (1, 2), _vrrp(LVS2): (1, 1)}, {"iname": "VI_1"}, 1, 0.25),
    Case("TwoMasters", {_vrrp(LVS1): (2, 2), _vrrp(LVS2): (2, 1)}, {"iname": "VI_1"}, 1, 0.25),
    Case("KeepalivedDown", {_UP: (0, 1)}, _ON_LVS1, 1, 0.25),
    Case("VrrpFault", {_vrrp(LVS1): (3, 1)}, {**_ON_LVS1, "iname": "VI_1"}, 2, 0.75),
    Case(
        "RealServerMissing",
        {
            _expected(LVS1, 1): (1, 1),
            _expected(LVS1, 2): (1, 1),
            _ipvs(LVS1, 1): (1, 1),
            _ipvs(LVS1, 2): (None, 1),
            _UP: (1, 1),
        },
        {"local_address": "192.0.2.100", "real_server": "rs2", "service": "web"},
        2,
        0.75,
    ),
    Case(
        "WeightDiffers",
        {_expected(LVS1, 1, "_weight"): (3, 3), _ipvs(LVS1, 1): (1, 3)},
        {
            **_ON_LVS1,
            "local_address": "192.0.2.100",
            "local_port": "7860",
            "proto": "TCP",
            "remote_address": "192.0.2.1",
            "remote_port": "7860",
            "real_server": "rs1",
            "service": "web",
        },
        6,
        4,
    ),
    Case(
        "OneRealServerLeft",
        {
            _vrrp(LVS1): (2, 2),
            _expected(LVS1, 1): (1, 1),
            _expected(LVS1, 2): (0, 1),
            _ipvs(LVS1, 1): (1, 1),
            _ipvs(LVS1, 2): (0, 1),
        },
        {"local_address": "192.0.2.100", "local_port": "7860", "service": "web"},
        2,
        0.75,
    ),
    Case(
        "NoRealServerLeft",
        {
            _vrrp(LVS1): (2, 2),
            _vrrp(LVS2): (1, 1),
            _expected(LVS1, 1): (1, 1),
            _expected(LVS2, 1): (1, 1),
            _ipvs(LVS1, 1): (None, 1),
            # The backup's table does not count.
            _ipvs(LVS2, 1): (1, 1),
        },
        {"local_address": "192.0.2.100", "local_port": "7860", "service": "web"},
        1,
        0.25,
    ),
    Case(
        "RepliesThroughDirector",
        {f"node_ipvs_outgoing_bytes_total{{{LVS1}}}": (Rate(60), Rate(0))},
        _ON_LVS1,
        13,
        9,
        ends_after=6,
    ),
    Case("VipUnreachable", {f"probe_success{{{_PROBE}}}": (0, 1)}, _PROBE_LABELS, 1, 0.25),
    Case(
        "CertificateEnds",
        {f"probe_ssl_earliest_cert_expiry{{{_PROBE}}}": (13.5 * _DAY, 14.5 * _DAY)},
        {"vip": "192.0.2.100"},
        62,
        58,
        step="1m",
    ),
    Case(
        "CertificateEndsSoon",
        {f"probe_ssl_earliest_cert_expiry{{{_PROBE}}}": (1.9 * _DAY, 2.1 * _DAY)},
        {"vip": "192.0.2.100"},
        6,
        4,
    ),
    Case("NodeDown", {f"up{{{node()}}}": (0, 1), _drained("rs1"): (0, 0)}, _RS1, 2, 0.75),
    Case(
        "NodeNotReady",
        {f"cosyvoice_ready{{{node()}}}": (0, 1), _drained("rs1"): (0, 0)},
        _RS1,
        6,
        4,
    ),
    Case("DrainedTooLong", {_drained("rs1"): (1, 0)}, {"node": "rs1"}, 1450, 1430, 10, "5m"),
    Case(
        "JobsTurnedAway",
        {
            f'cosyvoice_jobs_total{{{node()},outcome="busy"}}': (Rate(6), Rate(5)),
            f'cosyvoice_jobs_total{{{node()},outcome="done"}}': (Rate(95), Rate(95)),
        },
        {},
        8,
        4,
        ends_after=7,
    ),
    Case(
        "ErrorBudgetBurnsFast",
        {
            f"up{{{node()}}}": (1, 1),
            f'cosyvoice_jobs_total{{{node()},outcome="failed"}}': (Rate(4), Rate(2)),
            f'cosyvoice_jobs_total{{{node()},outcome="busy"}}': (Rate(3), Rate(3)),
            f'cosyvoice_jobs_total{{{node()},outcome="cancelled"}}': (Rate(500), Rate(500)),
            f'cosyvoice_jobs_total{{{node()},outcome="done"}}': (Rate(993), Rate(995)),
        },
        {"objective": "served"},
        10,
        2,
        ends_after=20,
        step="30s",
    ),
    Case(
        "ErrorBudgetBurnsFast",
        {
            f"up{{{node()}}}": (1, 1),
            f"cosyvoice_first_audio_seconds_count{{{node()}}}": (Rate(100), Rate(100)),
            f'cosyvoice_first_audio_seconds_bucket{{{node()},le="2.5"}}': (Rate(69), Rate(71)),
        },
        {"objective": "first_audio"},
        10,
        2,
        ends_after=20,
        step="30s",
    ),
    Case(
        "ErrorBudgetBurns",
        {
            f"up{{{node()}}}": (1, 1),
            f'cosyvoice_jobs_total{{{node()},outcome="timed_out"}}': (Rate(12), Rate(9)),
            f'cosyvoice_jobs_total{{{node()},outcome="done"}}': (Rate(9988), Rate(9991)),
        },
        {"objective": "served"},
        25,
        14,
        ends_after=70,
        step="30s",
    ),
    Case(
        "JobsFail",
        {
            f'cosyvoice_jobs_total{{{node()},outcome="failed"}}': (Rate(4), Rate(3)),
            f'cosyvoice_jobs_total{{{node()},outcome="timed_out"}}': (Rate(2), Rate(2)),
            f'cosyvoice_jobs_total{{{node()},outcome="done"}}': (Rate(94), Rate(95)),
            f'cosyvoice_jobs_total{{{node()},outcome="busy"}}': (Rate(500), Rate(500)),
        },
        {"node": "rs1"},
        8,
        4,
        ends_after=7,
    ),
    Case(
        "RequestsFail",
        {
            f'cosyvoice_http_requests_total{{{node()},route="/v1/models",status="500"}}': (
                Rate(6),
                Rate(5),
            ),
            f'cosyvoice_http_requests_total{{{node()},route="/v1/models",status="200"}}': (
                Rate(94),
                Rate(95),
            ),
            f'cosyvoice_http_requests_total{{{node()},route="/readyz",status="503"}}': (
                Rate(9),
                Rate(9),
            ),
        },
        {"node": "rs1", "route": "/v1/models"},
        13,
        9,
        ends_after=7,
    ),
    Case(
        "WaitTooLong",
        {
            f'cosyvoice_queue_wait_seconds_bucket{{{node()},le="10"}}': (Rate(94), Rate(95)),
            f'cosyvoice_queue_wait_seconds_bucket{{{node()},le="30"}}': (Rate(100), Rate(100)),
            f'cosyvoice_queue_wait_seconds_bucket{{{node()},le="+Inf"}}': (Rate(100), Rate(100)),
        },
        {"node": "rs1"},
        13,
        9,
        ends_after=7,
    ),
    Case(
        "WorkersRestart",
        {
            f'cosyvoice_worker_restarts_total{{{node()},cause="crash"}}': (Rate(0.25), Rate(0.15)),
            f'cosyvoice_worker_restarts_total{{{node()},cause="max_jobs"}}': (Rate(9), Rate(9)),
        },
        {"node": "rs1"},
        20,
        ends_after=20,
    ),
    Case("OutputsSpooled", {f"cosyvoice_outputs_spooled{{{node()}}}": (1, 0)}, _RS1, 11, 9),
    Case(
        "ReleasesDiffer",
        {
            f'cosyvoice_build_info{{{node("rs1")},release="a"}}': (1, 1),
            f'cosyvoice_build_info{{{node("rs2")},release="b"}}': (1, None),
            f'cosyvoice_build_info{{{node("rs2")},release="a"}}': (None, 1),
        },
        {},
        125,
        115,
        ends_after=10,
        step="5m",
    ),
    Case(
        "GpuMissing",
        {
            f'cluster_expected_gpus{{{LVS1},real_server="rs1"}}': (2, 2),
            f"cosyvoice_gpu_up{{{_GPU0}}}": (1, 1),
            f"cosyvoice_gpu_up{{{_GPU}}}": (0, 1),
            f"up{{{node()}}}": (1, 1),
        },
        {"node": "rs1"},
        2,
        0.75,
    ),
    Case(
        "GpuMissing",
        {
            # The driver tells of none at all.
            f'cluster_expected_gpus{{{LVS1},real_server="rs1"}}': (1, 1),
            f"cosyvoice_gpu_up{{{_GPU}}}": (None, 1),
            f"up{{{node()}}}": (1, 1),
        },
        {"node": "rs1"},
        2,
        0.75,
    ),
    Case(
        "GpuUnhealthy",
        {f"cosyvoice_gpu_up{{{_GPU}}}": (1, 1), f"cosyvoice_gpu_healthy{{{_GPU}}}": (0, 1)},
        _GPU_LABELS,
        2,
        0.75,
    ),
    Case(
        "GpuThrottled",
        {
            f'cosyvoice_gpu_throttled{{{_GPU},reason="hardware thermal slowdown"}}': (1, None),
            f'cosyvoice_gpu_throttled{{{_GPU},reason="power cap"}}': (1, 1),
        },
        _GPU_LABELS,
        11,
        9,
    ),
    Case(
        "WatcherDown",
        {f"up{{{_MON.format('alertmanager')}}}": (0, 1)},
        _mon("alertmanager"),
        3,
        1.75,
    ),
    Case(
        "ConfigurationRefused",
        {f"prometheus_config_last_reload_successful{{{_MON.format('prometheus')}}}": (0, 1)},
        _mon("prometheus"),
        2,
        0.75,
    ),
    Case(
        "RulesFail",
        {
            "prometheus_rule_evaluation_failures_total"
            f'{{{_MON.format("prometheus")},rule_group="x"}}': (Rate(4), Rate(0))
        },
        {**_mon("prometheus"), "rule_group": "x"},
        8,
        4,
        ends_after=6,
    ),
    Case(
        "NotificationsFail",
        {
            "alertmanager_notifications_failed_total"
            f'{{{_MON.format("alertmanager")},integration="email"}}': (Rate(1), Rate(0))
        },
        {"integration": "email", "node": "mon1"},
        8,
        4,
        ends_after=6,
    ),
    Case(
        "MeshBroken",
        {f"alertmanager_cluster_members{{{_MON.format('alertmanager')}}}": (1, 2)},
        _mon("alertmanager"),
        6,
        4,
    ),
)
"""Watchdog, ClockWrong and VrrpFlaps are no matter of two steps; they have tests of their own."""
