"""Environment of the app on a real server."""

from ...model.artifact import with_paths
from ...model.derived.engine_needs import engine_variables
from ...model.derived.nodes import Node
from ...model.derived.others_needed import needed_by, others_needed
from ...model.derived.owner_variables import owner_variables
from ...model.derived.resolve import gpus_of, routes_sessions
from ...model.derived.tls_hosts import tls_hosts
from ...model.gpus import GpuHealth
from ...model.inventory import Inventory
from ...places import APP_STATE, DRAIN_FILE, PEERS_FILE, SECRET_FILE
from .outputs import output_folder

_LAST_WORDS = 10
"""Seconds between a node's last job and its end: its answers are fetched, its workers go."""


def environment(inventory: Inventory, name: str) -> list[tuple[str, str]]:
    """Names and values, the inventory's own over ours, the host's over those."""
    app, host = inventory.app, inventory.real_servers.hosts[name]
    values: dict[str, object] = {
        "COSYVOICE_NODE_NAME": name,
        "COSYVOICE_OUTPUT_DIR": output_folder(inventory),
        "COSYVOICE_WORKERS": host.workers or app.workers,
        "COSYVOICE_QUEUE_SIZE": app.queue_size,
        "COSYVOICE_JOB_TIMEOUT": app.job_timeout,
        # A job of the longest kind can still end while its service is being stopped.
        "COSYVOICE_LONGEST_TIMEOUT": max(app.job_timeout, app.stop_timeout - _LAST_WORDS),
        "COSYVOICE_SPOOL_DIR": f"{APP_STATE}/spool",
        "COSYVOICE_DRAIN_FILE": DRAIN_FILE,
    }
    if app.log_texts:
        values["COSYVOICE_LOG_TEXTS"] = 1
    if vips := inventory.virtual_ips:
        values["COSYVOICE_VIRTUAL_IPS"] = ",".join(str(vip.address.ip) for vip in vips)
    if inventory.storage is not None:
        values["COSYVOICE_EXPECT_MOUNT"] = 1
    if routes_sessions(inventory):
        values["COSYVOICE_PEERS_FILE"] = PEERS_FILE
        values["COSYVOICE_CLUSTER_SECRET_FILE"] = SECRET_FILE
    if inventory.tls is not None and name in tls_hosts(inventory):
        values["COSYVOICE_TLS_PORT"] = inventory.tls.port
    values |= owner_variables(inventory)
    values |= engine_variables(inventory)
    if (gpus := gpus_of(inventory, name)) is not None:
        values["COSYVOICE_GPUS_EXPECTED"] = gpus.count
    if inventory.real_servers.gpu_health is GpuHealth.DRAIN:
        values["COSYVOICE_GPU_HEALTH"] = GpuHealth.DRAIN.value
        if not app.per_gpu:
            values["COSYVOICE_MIN_READY"] = others_needed(inventory, name)
    values |= {**app.environment, **host.environment}
    return [(key, with_paths(str(value), app.directory)) for key, value in values.items()]


def node_environment(inventory: Inventory, node: Node) -> list[tuple[str, str]]:
    """A node's own environment, over that of its host, where each card has a node."""
    found = [
        ("COSYVOICE_NODE_NAME", node.name),
        ("COSYVOICE_PORT", str(node.port)),
        ("COSYVOICE_WORKERS", str(node.slots)),
        # All its workers see the one card, numbered as nvidia-smi does.
        ("COSYVOICE_GPUS", "inherit"),
        ("CUDA_VISIBLE_DEVICES", node.card),
        ("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
        ("COSYVOICE_SPOOL_DIR", f"{APP_STATE}/{node.label}/spool"),
    ]
    if inventory.real_servers.gpu_health is GpuHealth.DRAIN:
        needed = needed_by(inventory, node)
        found.append(("COSYVOICE_MIN_READY", str(needed.count)))
        found.append(("COSYVOICE_MIN_READY_BY", needed.by))
    return found
