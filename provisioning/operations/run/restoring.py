"""Give a cluster its memory back, from one that was exported."""

from dataclasses import replace

from ...model.cluster_record import ClusterRecord
from ...model.past_run import joined_history
from ..cluster.cluster import Cluster
from ..state_folder.runtime_state import change


def restore(cluster: Cluster, saved: ClusterRecord) -> None:
    """Have the cluster remember what was saved in place of what it does, as its next version. For a
    run that holds it. Raises ``RuntimeStateError`` and ``TransportError``."""
    change(cluster.state_dir, lambda now: restored(now, saved))


def restored(now: ClusterRecord, saved: ClusterRecord) -> ClusterRecord:
    """The saved record, later than all that either has seen. The history is that of both. Pure."""
    return replace(
        saved,
        serial=max(now.serial, saved.serial),
        lineage=now.lineage or saved.lineage,
        seen={
            writer: max(now.seen.get(writer, 0), saved.seen.get(writer, 0))
            for writer in {**saved.seen, **now.seen}
        },
        history=joined_history(saved.history, now.history),
    )
