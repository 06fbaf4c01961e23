"""Answers that a node gives at its own addresses, and not at the virtual IP."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from ..host.virtual_ips import asked_at
from ..node import Node
from ..refusal import refusal


def refused_at_the_vip(request: Request, node: Node) -> JSONResponse | None:
    """The refusal for a client who came by the virtual IP, where the answer would be whichever
    node's, and everybody's to see; None for one who came by an address of the node's own."""
    if not asked_at(request.scope, node.settings.virtual_ips):
        return None
    en = "this is told at a node's own address, not at the virtual IP"
    zh = "此信息只能通过节点自己的地址获取，不能通过虚拟 IP"
    return refusal(403, "not_here", en, zh, kind="invalid_request_error")
