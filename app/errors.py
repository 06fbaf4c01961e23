"""Errors of a node. Those of a request are in the words of whoever asked for it.

Every refusal has a stable code for programs, a message in English and Chinese for people, and
the HTTP status that says whose turn it is. The page shows its reader's language, the API English.
"""


class NodeError(Exception):
    """An expected failure of the node; the message is for its operator and names the fix.

    ```
    NodeError
        BadFilesError
        BookFailedError
        CannotSpeakError
        CardLostError
        ClusterSecretError
        DownloadError
        EngineUnavailableError
        EspeakError
        FrameError
        GpuSelectionError
        KeyFileError
        LanguageModelError
        LeaseLostError
        LostError
        NoPlaceError
        NotBegunError
        NotTakenError
        PeerSilentError
        PieceFailedError
        SourceError
        SpeechError
            BusyError
            DeadlineError
            InvalidInputError
            JobFailedError
                WorkerBrokenError
            JobRefusedError
            StorageError
            UnavailableError
            UploadRefusedError
        VoiceMixError
        WorkerGoneError
    ```
    """


class SpeechError(NodeError):
    """A request that ends without speech. ``retry_after`` is in seconds."""

    status = 500
    type = "server_error"

    def __init__(self, code: str, en: str, zh: str, *, retry_after: int | None = None) -> None:
        super().__init__(en)
        self.code = code
        self.en = en
        self.zh = zh
        self.retry_after = retry_after


class InvalidInputError(SpeechError):
    """The request itself is wrong: it will fail on every node."""

    status = 400
    type = "invalid_request_error"

    def __init__(self, code: str, en: str, zh: str, *, field: str | None = None) -> None:
        super().__init__(code, en, zh)
        self.field = field


class BusyError(SpeechError):
    """The queue is full now; the same request is welcome later, or on another node."""

    status = 429
    type = "rate_limit_error"


class UnavailableError(SpeechError):
    """The node cannot take work: stopping, or no worker can start."""

    status = 503
    type = "unavailable_error"


class DeadlineError(SpeechError):
    """The job took longer than a job may; its worker was replaced."""

    status = 504
    type = "timeout_error"


class JobFailedError(SpeechError):
    """The engine or its process failed on this job."""


class WorkerBrokenError(JobFailedError):
    """The engine failed on this job, and then on words that it had spoken before: the job is not
    to blame, and may be tried on another worker."""


class StorageError(SpeechError):
    """The speech was made but the shared folder did not take it, or cannot be read."""

    status = 507
    type = "storage_error"
