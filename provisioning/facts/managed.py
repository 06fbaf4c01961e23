"""Deployed hosts: those with a manifest of what is managed on them."""

from provisioning.engine.script import STATE
from provisioning.facts.fact import Fact, succeeded

DEPLOYED = Fact("deployed", f"[ -f {STATE}/manifest ]", succeeded)
"""True if anything was ever deployed to the host."""
