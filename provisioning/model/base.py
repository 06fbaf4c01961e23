"""Things that every part of the inventory has in common."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from ..languages.keepalived import Keepalived
from ..languages.language import PLAIN
from ..languages.lines import Sysctl
from ..languages.written import UnwritableError

Whole = Annotated[int, Strict()]
"""A whole number as YAML has it: not true, not 1.0, not text."""
Port = Annotated[Whole, Field(ge=1, le=65535)]


def _milliseconds(value: float) -> float:
    """Keepalived takes no exponents; a millisecond is finer than anything here can be timed."""
    if value != round(value, 3):
        raise PydanticCustomError(
            "milliseconds",
            "finer than a millisecond",
            {"fix": f"write {max(0.001, round(value, 3)):g}"},
        )
    return value


_Time = Annotated[float, Strict(), AfterValidator(_milliseconds)]
Seconds = Annotated[_Time, Field(ge=0.001, le=3600, allow_inf_nan=False)]
SecondsOrZero = Annotated[_Time, Field(ge=0, le=3600, allow_inf_nan=False)]
Weight = Annotated[Whole, Field(ge=0, le=65535)]


def _name(value: object) -> object:
    """A number is a fine name: ``1:`` and ``7860:`` stay what was typed."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def on_or_off(value: object) -> object:
    """``true`` as all defaults of a mapping, ``false`` as none."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
Name = Annotated[
    str,
    BeforeValidator(_name, json_schema_input_type=str),
    Field(pattern=NAME_PATTERN),
]


def _interface(name: str) -> str:
    # dev_valid_name in the kernel; IFNAMSIZ is 16 bytes with the final NUL.
    known = 1 <= len(name.encode("utf-8", "replace")) <= 15 and name not in (".", "..")
    if not known or re.search(r"[\s/:%@]", name):
        alias = re.match(r"([^\s/:@]+)[:@]\w", name)
        raise PydanticCustomError(
            "interface",
            "not a name Linux gives an interface",
            {
                "allowed": "1 to 15 bytes, no space, slash, colon, @ or %",
                "fix": f"write {alias[1]}: what stands behind it is no part of its name"
                if alias
                else "take the name from `ip -brief link` on the host",
            },
        )
    for language in (Keepalived(), Sysctl()):
        try:
            language.written(name, PLAIN)
        except UnwritableError as error:
            raise PydanticCustomError(
                "interface",
                "not a name that the hosts' files can hold",
                {
                    "allowed": "1 to 15 bytes, such as eth0, bond0.100 or enp3s0f1",
                    "fix": f"name the interface otherwise: {error}",
                },
            ) from None
    return name


Interface = Annotated[str, AfterValidator(_interface), Field(min_length=1, max_length=15)]
"""A network interface's name."""


class Part(BaseModel):
    """A piece of the inventory: immutable, strict about unknown keys, documented by its fields."""

    # Most parts are validated as pieces of the whole only, and need no validator of their own.
    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")
