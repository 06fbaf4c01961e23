"""Rules across keys: what each value allows by itself, and the whole does not.

Each rule is a function from a ``Context`` to findings, in a file named after what it is about.
A new one is written there and added to ``RULES``.
"""

from collections.abc import Callable, Iterator

from provisioning.model.rules import (
    affinity,
    app_settings,
    app_source,
    capacity,
    checks,
    family,
    groups,
    host_address,
    ipvs_settings,
    local_files,
    network_interface,
    persistence,
    secrets,
    service_identity,
    session_routing,
    shared_storage,
    sorry_server,
    vip_address,
    vrrp_behaviour,
    vrrp_identity,
    vrrp_password,
    vrrp_timing,
)
from provisioning.model.rules.finding import Context, Finding

Rule = Callable[[Context], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    vip_address.present,
    vip_address.usable,
    vip_address.distinct,
    vip_address.not_a_hosts,
    vip_address.in_hosts_subnet,
    groups.directors,
    groups.real_servers,
    groups.colocated,
    groups.names,
    groups.alike_names,
    host_address.distinct,
    host_address.same_in_every_group,
    host_address.usable,
    family.addresses,
    family.vrrp_version,
    network_interface.not_loopback,
    vrrp_identity.vrids,
    vrrp_identity.priorities,
    vrrp_timing.advert_interval,
    vrrp_password.auth_pass,
    vrrp_behaviour.preempt_delay,
    vrrp_behaviour.preempt_at_once,
    vrrp_behaviour.unicast_peers,
    vrrp_behaviour.garp_refresh,
    vrrp_behaviour.rt_priority,
    vrrp_behaviour.track_script_names,
    vrrp_behaviour.track_script_timeout,
    vrrp_behaviour.track_script_weight,
    service_identity.present,
    service_identity.names,
    service_identity.ports,
    service_identity.real_servers,
    capacity.quorum,
    capacity.hysteresis,
    capacity.thresholds,
    capacity.weights_unused,
    capacity.ranked,
    affinity.sessions,
    affinity.destination_hashing,
    affinity.hashing_options,
    persistence.granularity,
    persistence.timeout,
    persistence.inhibit,
    checks.detection,
    checks.misc_timing,
    checks.misc_fields,
    checks.kinds,
    sorry_server.sorry_server,
    ipvs_settings.sysctls,
    ipvs_settings.backup_only,
    ipvs_settings.timeouts,
    shared_storage.server,
    shared_storage.folders,
    shared_storage.mount_options,
    shared_storage.export_options,
    app_source.source,
    app_source.ref,
    app_settings.environment,
    app_settings.arguments,
    app_settings.account,
    app_settings.directory,
    app_settings.stop_timeout,
    app_settings.queue,
    session_routing.secret,
    local_files.templates,
    local_files.ssh_files,
    local_files.login,
    secrets.secrets,
)


def findings(context: Context) -> Iterator[Finding]:
    """Everything the rules have to say."""
    for rule in RULES:
        yield from rule(context)
