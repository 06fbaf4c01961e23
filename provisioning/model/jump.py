"""Jump hosts, as ssh(1) -J takes them."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_HOP = re.compile(
    r"(?:[^\s@,:/\[\]-][^\s@,:/\[\]]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)(?::(?P<port>[0-9]{1,5}))?"
)


def _jump(text: str) -> str:
    for hop in text.split(","):
        match = _HOP.fullmatch(hop.strip())
        if match is None or not 1 <= int(match["port"] or 22) <= 65535:
            bare6 = re.fullmatch(r"(?:[^@]*@)?[0-9A-Fa-f]*:[0-9A-Fa-f:]+", hop.strip())
            raise PydanticCustomError(
                "jump",
                "not a jump host",
                {
                    "allowed": "[user@]host[:port], several separated by commas",
                    "fix": "put an IPv6 address in brackets: [2001:db8::1]"
                    if bare6
                    else "for example ops@bastion.example.com:2222",
                },
            )
    return text


def targets(jump: str) -> list[tuple[str, int]]:
    """Host and port of each hop."""
    found = [_HOP.fullmatch(hop.strip()) for hop in jump.split(",")]
    return [(hop["host"].strip("[]"), int(hop["port"] or 22)) for hop in found if hop]


Jump = Annotated[str, AfterValidator(_jump)]
