"""IP addresses as a person types them."""

import re
import unicodedata
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_EXAMPLE = "an IPv4 or IPv6 address such as 192.0.2.10 or 2001:db8::10"
_ADDRESSES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)


def _wrong(fix: str) -> PydanticCustomError:
    return PydanticCustomError("ip", "not an IP address", {"allowed": _EXAMPLE, "fix": fix})


def _advice(text: str) -> str:
    """Say what most likely went wrong."""
    narrow = unicodedata.normalize("NFKC", text).replace("。", ".")
    if narrow != text and re.fullmatch(r"[0-9A-Fa-f:./]+", narrow):
        return f"these are full-width characters; type {narrow}"
    if re.fullmatch(r"\d+(\.\d+){3}(/\d+)?", text):
        stripped = re.sub(r"\b0+(?=\d)", "", text)
        if stripped != text:
            return f"leave out leading zeros: {stripped}"
        return "each part is 0 to 255, and a length 0 to 32"
    if re.fullmatch(r"\d+(\.\d+){1,2}", text):
        return "four numbers belong to an IPv4 address"
    if re.fullmatch(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", text):
        return "this is a MAC address; write the IP address"
    if re.fullmatch(r"\d+(\.\d+){3}:\d+", text):
        return "leave out the port; it stands under services, or ssh.port"
    if "%" in text:
        return "leave out the part from %; the interface has a key of its own"
    if "[" in text and "]" not in text.rstrip("]"):
        return "a range of addresses belongs to a range of hosts: rs[01:20]: 192.0.2.[21:40]"
    if re.search(r"[A-Za-z]", text) and ":" not in text:
        return "write the address itself; names are not looked up, so that DNS cannot move a host"
    return "check it"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _wrong("write all of it, in quotes if need be" if value is not None else "write one")
    return value.strip()


def _address(value: object) -> Any:
    if isinstance(value, _ADDRESSES):
        return value
    text = _text(value)
    if "/" in text:
        raise _wrong("leave out the length: only a VIP may have one")
    try:
        address = ip_address(text)
    except ValueError:
        raise _wrong(_advice(text)) from None
    return _without_scope(address, text)


def _address6(value: object) -> Any:
    address = _address(value)
    if not isinstance(address, IPv6Address):
        raise PydanticCustomError(
            "ip6",
            "not an IPv6 address",
            {"allowed": "an IPv6 address such as 2001:db8::10", "fix": "`address` takes IPv4"},
        )
    return address


def _with_length(value: object) -> Any:
    if isinstance(value, _ADDRESSES):
        return ip_interface(str(value))
    text = _text(value)
    if re.search(r"/\D", text) or re.search(r"/\d+\.", text):
        raise _wrong("write the length as a number: 192.0.2.100/24")
    try:
        address = ip_interface(text)
    except (ValueError, AddressValueError):
        raise _wrong(_advice(text)) from None
    return _without_scope(address, text)


def _network(value: object) -> Any:
    if isinstance(value, (IPv4Network, IPv6Network)):
        return value
    address = _with_length(value)
    network = ip_network(address, strict=False)
    if network.network_address != address.ip:
        raise PydanticCustomError(
            "network",
            "not a network: it has bits behind its length",
            {
                "allowed": "an address, or a network such as 192.0.2.0/24 or 2001:db8::/32",
                "fix": f"write {network} for the network, or {address.ip} for the address alone",
            },
        )
    return network


def _without_scope(address: Any, text: str) -> Any:
    if getattr(address, "scope_id", None) is not None:
        raise _wrong(_advice(text))
    if (mapped := getattr(getattr(address, "ip", address), "ipv4_mapped", None)) is not None:
        raise _wrong(f"write it as IPv4: {mapped}")
    return address


IPAddress = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
"""An address of either family, without a length."""
IPv6Only = Annotated[IPv6Address, BeforeValidator(_address6)]
IPInterface = Annotated[IPv4Interface | IPv6Interface, BeforeValidator(_with_length)]
"""An address that may have a length."""
IPNetwork = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
"""A network with its length, or one address."""


def endpoint(address: IPAddress, port: int) -> str:
    """Address and port as a URL has them."""
    return f"{address}:{port}" if isinstance(address, IPv4Address) else f"[{address}]:{port}"
