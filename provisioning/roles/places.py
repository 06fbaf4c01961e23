"""Names of what a cluster puts on its hosts, for those who make it and those who look for it."""

APP_SERVICE = "cosyvoice"
KEEPALIVED = "keepalived"
VIP_SERVICE = "lvs-real-server"
VRRP_STATE = "/run/cosyvoice-cluster"
"""Folder on directors; ``vrrp-INSTANCE`` in it holds MASTER, BACKUP or FAULT."""
VRRP_FIFO = "/run/cosyvoice-vrrp.fifo"
"""Keepalived makes it, and writes transitions to it."""
KEEPALIVED_CONF = "/etc/keepalived/keepalived.conf"
NOTIFY = "/etc/keepalived/cosyvoice-notify"
APP_ENV = "/etc/cosyvoice/app.env"
PEERS_FILE = "/etc/cosyvoice/peers"
"""The cluster's nodes and their addresses, for the nodes."""
SECRET_FILE = "/etc/cosyvoice/cluster-secret"
"""By which nodes know each other."""
APP_STATE = "/var/lib/cosyvoice"
"""What a node keeps to itself: audio that the shared folder did not take, until it does."""
DRAIN_FILE = "/etc/cosyvoice/drain"
"""While it is there, a real server says that it takes no new work. It outlives a reboot, as
/etc/nologin does, and lies where the app cannot take it away."""
SWITCHOVER_FILE = "/run/cosyvoice-switchover"
"""While a number other than 0 is in it, Keepalived on a director gives the VIPs away."""


def instance_name(number: int) -> str:
    """The VRRP instance of the VIP at that place in the inventory."""
    return f"VI_{number + 1}"
