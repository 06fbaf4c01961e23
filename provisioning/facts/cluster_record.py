"""Record of the cluster that a director keeps, or an edge where there is none. Pure."""

from ..engine.seat import holder_script, record_script
from ..model.cluster_record import ClusterRecord, RecordFormatError, from_text
from .fact import Fact, printed

CLUSTER_RECORD = Fact("cluster_record", record_script(), printed)
"""The text, for ``model/cluster_record.py``; empty where there is none."""
RUN_HOLDER = Fact("run_holder", holder_script(), lambda text: printed(text).strip())
"""The run that holds the host now; empty where none does."""


def remembered(text: str) -> ClusterRecord | None:
    """One that a later version wrote tells nothing here; a change of the cluster reports it."""
    try:
        return from_text(text) if text else None
    except RecordFormatError:
        return None
