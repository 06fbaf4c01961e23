"""What a node is told at its start. Made by `app.cli`, read by everyone."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are in seconds, lengths in characters."""

    host: str
    port: int
    enable_queue: bool
    output_dir: Path
    temp_dir: Path
    """Uploads and Gradio's copies; every node must see it under the same path."""
    node_name: str
    engine: str
    workers: int
    queue_size: int
    job_timeout: float
    max_job_timeout: float
    """What a request may ask for."""
    start_timeout: float
    text_limit: int
    drain_file: Path | None
    spool_dir: Path
    """Finished audio that the shared folder did not take; on a local disk."""
    spool_limit: int
    """MiB."""
    keep_days: float
    """0 is for ever."""
    keep_size: float
    """GiB of finished audio; 0 is no limit."""
    require_shared_folder: bool
    """Whether the node is not ready while the shared folder does not take files."""
    release: str
    log_level: str

    @property
    def longest_timeout(self) -> float:
        """Seconds a job can take at most, whatever its request asks for."""
        return max(self.job_timeout, self.max_job_timeout)

    @property
    def slots(self) -> int:
        """Jobs that run at the same time."""
        return self.workers if self.enable_queue else 1

    @property
    def places(self) -> int:
        """Jobs that may wait for a slot."""
        return self.queue_size if self.enable_queue else 0
