"""Worker processes and the queue before them.

A thread cannot be stopped, a process can: a job that is past its deadline is ended with its
worker, which is replaced. What happens to one worker never reaches another, nor the page.
"""

import contextlib
import logging
import multiprocessing
import queue
import threading
import time
from concurrent.futures import Future
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from app.engines.base import Voice
from app.workers.job import BusyError, DeadlineError, Job, JobError, Sound, WorkerDiedError
from app.workers.worker import work

_LOAD_TIMEOUT = 600.0
"""Seconds an engine may take to load."""
_RETRY_DELAY = 5.0
"""Seconds before an engine that failed to load is tried again."""
_log = logging.getLogger("app.workers")


class Pool:
    """``size`` workers behind one bounded queue."""

    def __init__(self, engine: str, size: int, queue_size: int, job_timeout: float) -> None:
        self._engine, self._job_timeout = engine, job_timeout
        self._waiting: queue.Queue[tuple[Job, Future[Sound]]] = queue.Queue(queue_size)
        self._slots = [_Slot(self, number) for number in range(size)]
        self._lock = threading.Lock()
        self._closed = False
        self.size = size
        self.done = self.failed = 0
        self.voices: tuple[Voice, ...] = ()
        self.engine_name = engine
        self.known = threading.Event()
        """Set once a worker has said what the engine can do."""

    def start(self) -> None:
        """Starts the workers; they get ready on their own."""
        for slot in self._slots:
            slot.thread.start()

    def submit(self, job: Job) -> "Future[Sound]":
        """Queues a job; its future ends with the sound or a ``JobError``.

        Raises ``BusyError`` at once when the queue is full or the pool is closed.
        """
        future: Future[Sound] = Future()
        if self._closed:
            raise BusyError("本节点即将停止。 This node is about to stop; try again.")
        try:
            self._waiting.put_nowait((job, future))
        except queue.Full:
            raise BusyError(
                f"排队已满({self._waiting.maxsize})。 The queue is full; try again later."
            ) from None
        return future

    @property
    def waiting(self) -> int:
        """Jobs that no worker has begun."""
        return self._waiting.qsize()

    @property
    def running(self) -> int:
        """Jobs that workers are at."""
        return sum(slot.busy for slot in self._slots)

    @property
    def not_ready(self) -> str:
        """Why not every worker can speak, or an empty text."""
        return "; ".join(slot.trouble for slot in self._slots if slot.trouble)

    def drain(self, timeout: float) -> bool:
        """Takes no more jobs, waits for those it has; whether all ended within ``timeout``
        seconds."""
        self._closed = True
        deadline = time.monotonic() + timeout
        while self.waiting or self.running:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def close(self) -> None:
        """Ends every worker and fails what is left."""
        self._closed = True
        for slot in self._slots:
            slot.stop()
        with contextlib.suppress(queue.Empty):
            while True:
                _, future = self._waiting.get_nowait()
                future.set_exception(BusyError("本节点已停止。 This node has stopped."))

    @property
    def closed(self) -> bool:
        """Whether no more jobs are taken."""
        return self._closed

    def _count(self, ok: bool) -> None:
        with self._lock:
            self.done += ok
            self.failed += not ok


class _Slot:
    """One worker process, and the thread that minds it."""

    def __init__(self, pool: Pool, number: int) -> None:
        self._pool, self._number = pool, number
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._stopping = threading.Event()
        self.thread = threading.Thread(target=self._mind, name=f"worker-{number}", daemon=True)
        self.trouble = f"worker {number} is starting"
        self.busy = False

    def stop(self) -> None:
        self._stopping.set()
        self._end_process()

    def _mind(self) -> None:
        while not self._stopping.is_set():
            if not self._begin_process():
                self._end_process()
                self._stopping.wait(_RETRY_DELAY)
                continue
            self.trouble = ""
            while not self._stopping.is_set() and not self.trouble:
                self._serve()
            self._end_process()

    def _begin_process(self) -> bool:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(theirs, self._pool._engine), name=f"worker-{self._number}"
        )
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        try:
            if not ours.poll(_LOAD_TIMEOUT):
                self.trouble = f"worker {self._number} took too long to load"
                return False
            kind, content = ours.recv()
        except (EOFError, OSError):
            self.trouble = f"worker {self._number} died while loading"
            return False
        if kind != "ready":
            self.trouble = f"worker {self._number} cannot speak: {content}"
            _log.error(self.trouble)
            return False
        self._pool.engine_name, _, self._pool.voices = content
        self._rate = content[1]
        self._pool.known.set()
        _log.info("worker %d is ready", self._number)
        return True

    def _serve(self) -> None:
        try:
            job, future = self._pool._waiting.get(timeout=0.5)
        except queue.Empty:
            if self._process is not None and not self._process.is_alive():
                self.trouble = f"worker {self._number} died"
            return
        self.busy = True
        try:
            if not future.set_running_or_notify_cancel():
                return
            future.set_result(self._do(job))
            self._pool._count(ok=True)
        except JobError as error:
            self._pool._count(ok=False)
            _log.warning("job failed: %s", error, extra={"request_id": job.id})
            future.set_exception(error)
        finally:
            self.busy = False

    def _do(self, job: Job) -> Sound:
        connection = self._connection
        assert connection is not None
        try:
            connection.send(job.request)
            if not connection.poll(self._pool._job_timeout):
                self.trouble = f"worker {self._number} is replaced after a deadline"
                raise DeadlineError(
                    f"超时:超过 {self._pool._job_timeout:g} 秒。 "
                    f"The job took longer than {self._pool._job_timeout:g} s and was stopped."
                )
            kind, content = connection.recv()
        except (EOFError, OSError):
            self.trouble = f"worker {self._number} is replaced after a crash"
            raise WorkerDiedError(
                "合成进程意外退出,请重试。 The worker process died; try again."
            ) from None
        if kind == "failed":
            raise JobError(content)
        samples, seconds = content
        return Sound(samples, self._rate, seconds)

    def _end_process(self) -> None:
        process, connection = self._process, self._connection
        if connection is not None:
            connection.close()
        if process is not None and process.is_alive():
            process.kill()
            process.join(5)
