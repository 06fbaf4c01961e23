"""Errors of jobs that the workers could not do, in words for the user. Pure but for the log."""

import asyncio
import logging

from app.errors import (
    BusyError,
    DeadlineError,
    InvalidInputError,
    JobFailedError,
    SpeechError,
    UnavailableError,
)
from app.workers.frames import Frame
from app.workers.job import Job
from app.workers.remote import LostError, RemoteSlot
from app.workers.slot import Slot
from app.workers.totals import Outcome
from app.workers.worker import WorkerGoneError

_log = logging.getLogger("app.workers")


def stopping() -> UnavailableError:
    """Error of a job while the node stops."""
    return UnavailableError(
        "stopping", "this node is stopping; try again", "本节点即将停止，请重试", retry_after=1
    )


def starting(not_ready: str) -> UnavailableError:
    """Error of a job while no worker is ready yet, and the queue is full."""
    return UnavailableError(
        "starting",
        f"this node is still starting: {not_ready}",
        "本节点正在启动，请稍后再试",
        retry_after=5,
    )


def no_worker(not_ready: str) -> UnavailableError:
    """Error of a job while no worker starts."""
    return UnavailableError(
        "no_worker",
        f"no worker can start: {not_ready}",
        "没有可用的工作进程，请联系管理员",
        retry_after=5,
    )


def busy(workers: int, waiting: int, seconds: int) -> BusyError:
    """Error of a job while the queue is full."""
    return BusyError(
        "busy",
        f"all {workers} workers are busy and {waiting} requests wait; try again in {seconds} s",
        f"全部 {workers} 个工作进程都在忙，另有 {waiting} 个请求排队，请在 {seconds} 秒后再试",
        retry_after=seconds,
    )


def timeout_out_of_range(timeout: float, longest: float) -> InvalidInputError:
    """Error of a job that asks for more time than a job may take, or for none."""
    return InvalidInputError(
        "timeout_out_of_range",
        f"timeout {timeout:g} is not between 0 and {longest:g} seconds",
        f"超时 {timeout:g} 不在 0 到 {longest:g} 秒之间",
        field="timeout",
    )


def too_late(job: Job, slot: Slot | RemoteSlot, limit: float) -> DeadlineError:
    """Error of a job that took longer than it may; logged."""
    _log.error("job past its deadline, worker replaced", extra=about(job, slot))
    return DeadlineError(
        "deadline",
        f"the request took longer than {limit:g} s and was stopped; try a shorter text",
        f"合成超过 {limit:g} 秒，已停止，请缩短文字后再试",
    )


def worker_died(error: WorkerGoneError) -> JobFailedError:
    """Error of a job whose worker died in the middle."""
    return JobFailedError(
        "worker_died",
        f"the worker died while it spoke this text ({error}); try again",
        f"工作进程在合成时意外退出（{error}），请重试",
    )


def worker_lost(attempts: int) -> JobFailedError:
    """Error of a job that several workers in a row did not live to take."""
    return JobFailedError(
        "worker_lost",
        f"{attempts} workers died before they could take the request; try again",
        "工作进程连续退出，请重试",
    )


def node_lost(job: Job, slot: RemoteSlot, error: LostError) -> JobFailedError:
    """Error of a job whose other node is gone; logged."""
    _log.error("node lost under a lent job: %s", error, extra=about(job, slot))
    return JobFailedError(
        "node_lost",
        f"the node {slot.node}, which spoke this text, is gone ({error}); try again",
        f"合成所在的节点 {slot.node} 已断开，请重试",
    )


def failure(frame: Frame) -> tuple[str, str, str]:
    """Code and texts of an engine's failure."""
    said = frame.fields.get("message") or frame.fields.get("en")
    return "engine_failed", f"the engine failed: {said}", f"引擎出错：{said}"


def check(frame: Frame) -> None:
    """Raise the error that a job's last frame reports, if any."""
    if frame.kind == "refused":
        en, zh = str(frame.fields["en"]), str(frame.fields["zh"])
        raise InvalidInputError("cannot_speak", en, zh, field="input")
    if frame.fields.get("out_of_memory"):
        raise JobFailedError(
            "out_of_memory",
            f"memory ran out while this text was spoken ({frame.fields['message']}); "
            "try a shorter text, or again later",
            "合成时内存或显存不足，请缩短文字或稍后再试",
        )
    if frame.kind == "failed":
        raise JobFailedError(*failure(frame))


def outcome(error: BaseException) -> Outcome:
    """Classify the end of a job by its error."""
    if isinstance(error, InvalidInputError):
        return Outcome.REFUSED
    if isinstance(error, DeadlineError):
        return Outcome.TIMED_OUT
    if isinstance(error, GeneratorExit | asyncio.CancelledError):
        return Outcome.CANCELLED
    return Outcome.FAILED


def code(error: BaseException) -> str:
    """The error's code; empty where it has none."""
    return error.code if isinstance(error, SpeechError) else ""


def about(job: Job, slot: Slot | RemoteSlot) -> dict[str, object]:
    """Fields of a log line about a job on a worker."""
    where = {"slot": slot.index} if isinstance(slot, Slot) else {"lent_to": slot.node}
    return {"job": job.request_id, **where}
