"""Hosts that open the page from a place of their own, time after time."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from provisioning.model.base import Whole
from provisioning.model.hosts import Group, Host, IPAddress, address_only


class Probe(Host):
    """A machine that opens the page through the VIP."""

    interval: Annotated[Whole, Field(ge=1, le=3600)] = 10
    """Seconds between two looks."""


ProbeEntry = Annotated[
    Probe, BeforeValidator(address_only, json_schema_input_type=IPAddress | Probe)
]


class Probes(Group[ProbeEntry]):
    """The machines that open the page through the VIP."""

    host_type = Probe
