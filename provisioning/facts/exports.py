"""NFS exports in force. Pure."""

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation


def exported_to(path: str) -> Fact[tuple[str, ...]]:
    """Clients that a folder is exported to (exports(5) names); none where it is not."""

    def parse(found: Observation) -> tuple[str, ...]:
        lines = (line.partition("\t") for line in found.stdout.splitlines())
        return tuple(rest.split("(")[0] for folder, _, rest in lines if folder == path)

    # What exportfs(8) has put into force; /etc/exports is only what was meant.
    return Fact("exports", "cat /var/lib/nfs/etab", parse)
