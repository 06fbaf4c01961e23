"""Deployed hosts: those with a manifest of what is managed on them."""

from provisioning.facts.fact import Fact, succeeded
from provisioning.places import STATE

DEPLOYED = Fact("deployed", f"[ -f {STATE}/manifest ]", succeeded)
"""True if anything was ever deployed to the host."""
