"""Settings of a node. Made by ``app.cli``, read by everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .access.ownership import Rules
from .connections.proxies import Network
from .host.virtual_ips import IPAddress


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are in seconds, lengths in characters."""

    host: str
    ports: tuple[int, ...]
    server: str
    """``uvicorn``, or ``gunicorn``: whether a master watches the web process."""
    enable_queue: bool
    output_dir: Path
    temp_dir: Path
    """Recordings that people sent; every node must see it under the same path."""
    node_name: str
    engine: str
    workers: int
    queue_size: int
    job_timeout: float
    longest_timeout: float
    """Longest timeout that one request may ask for; never less than ``job_timeout``."""
    worker_max_jobs: int
    """Jobs after which a worker is replaced; 0 is never."""
    worker_max_growth: int | None
    """MiB beyond its size when it was ready after which a worker is replaced; 0 is never."""
    gpus: tuple[str, ...] | None
    """GPUs of the workers; () is none, None whatever the environment shows."""
    jobs_per_gpu: int
    gpus_expected: int | None
    """Cards that this machine should have; None where nobody said."""
    gpu_health: str
    """``drain``, or ``report``: whether slots of cards in trouble are taken out of service."""
    gpu_quiet: float
    """Seconds for which a card has to be whole before it is back."""
    min_ready: int
    """Other nodes that have to be ready before this one goes for its cards."""
    min_ready_by: str
    """What is counted for it: ``node``, ``port`` or ``host``."""
    start_timeout: float
    text_limit: int
    drain_file: Path | None
    api_keys_file: Path | None
    rules: Rules
    """Who may see, use and delete what."""
    key_rate: int
    """Jobs a minute for one key; this and the next three: 0 is no limit."""
    key_jobs: int
    """Requests of the API at a time for one key."""
    client_rate: int
    """Jobs a minute for one address."""
    client_jobs: int
    """Requests of the API at a time for one address."""
    client_connections: int
    """Connections at a time of one address; 0 is no limit of its own."""
    cors_origins: tuple[str, ...]
    """Sites whose pages may use the API; ``*`` is all."""
    host_names: tuple[str, ...]
    """Names by which the service may be asked for; none is all."""
    trusted_proxies: tuple[Network, ...]
    """Proxies that are believed about the client, scheme and host of what they pass on."""
    tls_port: int | None
    """Where a proxy on this machine ends TLS; None where none does."""
    voice_limit: int
    """Voices that may be registered."""
    voice_names: Mapping[str, str]
    """Further names of voices, with the ids they stand for."""
    spool_dir: Path
    """Finished audio that the shared folder did not take; on a local disk."""
    spool_limit: int
    """MiB."""
    partition_outputs: bool
    """Outputs are saved in a folder for each ten minutes, and not all in one."""
    keep_days: float
    """0 is for ever."""
    keep_size: float
    """GiB of finished audio; 0 is no limit."""
    keep_uploads: float
    """Hours; 0 is for ever."""
    upload_space: float
    """GiB that all uploads together may take; 0 is no limit."""
    upload_rate: int
    """MiB that one client may upload in ten minutes; 0 is no limit."""
    books: int
    """Books that may be unfinished, over all nodes; 0 is without books."""
    book_characters: int
    book_size: int
    """MiB of the file of a book, and of what is packed in it."""
    book_patience: float
    """Seconds without a sign of the node that makes a book after which another takes it."""
    virtual_ips: tuple[IPAddress, ...]
    """Addresses that must be this host's own, or the node is not ready."""
    expect_mount: bool
    """True if ``output_dir`` is a mount point: without its mount it takes no files."""
    require_shared_folder: bool
    """True if the node is not ready while the shared folder does not take files."""
    peers_file: Path | None
    """The other nodes; sessions are routed among them when there is one."""
    cluster_secret_file: Path | None
    release: str
    log_level: str
    log_file: Path | None
    """File that standard output is, which logrotate(8) may rename."""
    log_texts: bool
    """Texts to be spoken are in the log as they are."""

    @property
    def slots(self) -> int:
        """Jobs that run at the same time."""
        if not self.enable_queue:
            return 1
        return len(self.gpus) * self.jobs_per_gpu if self.gpus else self.workers

    @property
    def effective_queue_size(self) -> int:
        """Jobs that may wait for a slot."""
        return self.queue_size if self.enable_queue else 0
