"""Record of the cluster that a director keeps, as a text for ``model/cluster_record.py``."""

from provisioning.engine.seat import record_script
from provisioning.facts.fact import Fact, printed

CLUSTER_RECORD = Fact("cluster_record", record_script(), printed)
"""The text; empty where there is none."""
