"""Rules for what answers while the quorum is lost: a machine of its own that holds the VIP, or the
directors' own page."""

from collections.abc import Iterator
from pathlib import Path

from ..derived.resolve import is_ipv4
from ..paths import is_file
from .finding import Context, Finding, warning
from .places import addresses, vips

_LARGEST = 1 << 20


def sorry_page(context: Context) -> Iterator[Finding]:
    """By directors, in plain HTTP, and not beside a sorry server."""
    inventory = context.inventory
    for index, service in enumerate(inventory.services):
        page, path = service.sorry_page, ("services", index, "sorry_page")
        if page is None:
            continue
        if service.sorry_server is not None:
            other = ("services", index, "sorry_server")
            yield Finding(path, "there is a sorry server as well", "remove one", also=(other,))
        if not inventory.directors.hosts:
            text = "there is no director that could show it"
            yield Finding(path, text, "remove it: edges answer 503 by themselves")
        elif inventory.tls is not None and service.app:
            text = "directors have no certificate: clients that ask by TLS would get no answer"
            fix = "remove it, and give a sorry_server that speaks TLS"
            yield Finding(path, text, fix, also=(("tls",),))
        if page.html is not None and (wrong := _wrong_with(page.html)):
            yield Finding((*path, "html"), *wrong)


def _wrong_with(html: Path) -> tuple[str, str] | None:
    """The fault of a page's file and its fix."""
    if not is_file(html):
        return f"there is no file {html}", "correct it: relative paths start at the inventory"
    if html.stat().st_size > _LARGEST:
        return "larger than 1 MiB", "take pictures out of it"
    try:
        content = html.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return f"{html} cannot be read as UTF-8", "save it in UTF-8"
    return None if content.strip() else (f"{html} is empty", "write a page, or remove html")


def sorry_server(context: Context) -> Iterator[Finding]:
    """Not the VIP, not a director, of the VIPs' family."""
    owners = {address: (name, path) for path, name, address in addresses(context.inventory)}
    for index, service in enumerate(context.inventory.services):
        address, path = service.sorry_server, ("services", index, "sorry_server")
        if address is None:
            continue
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            yield Finding(path, "no other machine's", "write the address of a machine of its own")
            continue
        name, owner = owners.get(address, ("", ()))
        for vip_path, vip in vips(context.inventory):
            if vip.address.ip == address:
                yield Finding(
                    path,
                    "this is the VIP: the director would send to itself",
                    "write the address of a machine that answers when all nodes are down",
                    also=(vip_path,),
                )
            elif is_ipv4(vip) != (address.version == 4):
                yield Finding(
                    path,
                    f"of another family than the VIP {vip.address.ip}; Keepalived would skip it",
                    "remove it, or keep to VIPs of one family",
                    also=(vip_path,),
                )
        if owner and owner[0] == "directors":
            yield Finding(
                path,
                f"this is the director {name}, which passes on and does not answer",
                "write the address of another machine",
                also=(owner,),
            )
        elif owner and owner[0] == "real_servers":
            yield warning(
                path,
                f"this is the real server {name}, which is down when it is needed",
                "write the address of another machine that holds the VIP on lo",
            )
