"""Gradio behind any load balancer: every request of a session reaches the node that holds it.

Self-contained: it knows ASGI and Gradio's routes and nothing of the rest of this program.

    from cosyvoice_cluster.app.session_routing import Peer, SessionRouting
    app.add_middleware(SessionRouting, node="rs1", peers=[Peer("rs2", "http://10.0.0.2:7860")],
                       secret=b"...")
"""

from .middleware import SessionRouting
from .page_script import RECONNECT
from .peers.file import PeersFile, PeersFileError
from .peers.peer import Condition, Peer
from .session_names import SessionNames

__all__ = [
    "RECONNECT",
    "Condition",
    "Peer",
    "PeersFile",
    "PeersFileError",
    "SessionNames",
    "SessionRouting",
]
