"""A job on its way to another node, and its sound on the way back: the workers' own frames.

There: any number of ``clip`` (of: reference or source; the payload a part of its WAV file), then
one ``speak`` with the job, ``limit`` (seconds it may run), ``release``, ``engine`` and, for a job
that takes only a spare slot, ``patient``. Back: any
number of ``audio`` and ``words`` and, every second of silence, ``alive``; then one ending:
``done``, ``lost`` (message: the worker there is gone, and not by the job's fault) or ``failed``
(type, code, en, zh: a ``SpeechError``).
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import errors
from ..errors import SpeechError
from ..sound.clip import Clip
from ..workers.frames import AUDIO_BYTES, Frame, FrameError, taken_from
from ..workers.job import Job, job_of

_KINDS = {
    kind.__name__: kind
    for kind in (
        errors.InvalidInputError,
        errors.DeadlineError,
        errors.JobFailedError,
        errors.WorkerBrokenError,
    )
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Nodes lend to each other where these are the same: the job means the same there."""

    release: str
    engine: str


@dataclass(frozen=True, slots=True)
class LentJob:
    """A job as it arrives at the other node."""

    job: Job
    """Its clips have no files yet."""
    kind: Kind
    limit: float
    """Seconds it may run."""
    clips: dict[str, bytes]
    """WAV files, by the name of the request's field."""


def written(job: Job, kind: Kind, limit: float) -> bytes:
    """A job as it travels. Reads its clips. Raises OSError."""
    body = bytearray()
    for name, clip in _clips(job).items():
        wav = clip.path.read_bytes()
        for start in range(0, len(wav), AUDIO_BYTES):
            part = wav[start : start + AUDIO_BYTES]
            body += Frame("clip", {"of": name}, part).encoded()
    # Where this node keeps recordings is nobody's business.
    bare = with_files(job, dict.fromkeys(_clips(job), Path()))
    fields = bare.frame().fields
    told = {"limit": limit, "release": kind.release, "engine": kind.engine}
    if job.patient:
        told["patient"] = True
    body += Frame("speak", fields | told).encoded()
    return bytes(body)


def read(body: bytes) -> LentJob:
    """A job that was sent. Raises ValueError for what no node sends."""
    clips: dict[str, bytearray] = {}
    try:
        for frame in taken_from(data := bytearray(body)):
            if frame.kind == "clip":
                clips.setdefault(str(frame.fields["of"]), bytearray()).extend(frame.payload)
                continue
            if data:
                break
            fields = frame.fields
            job = replace(job_of(frame), patient=fields.get("patient") is True)
            limit = float(str(fields["limit"]))
            if not (math.isfinite(limit) and limit > 0) or clips.keys() != _clips(job).keys():
                break
            kind = Kind(str(fields["release"]), str(fields["engine"]))
            return LentJob(job, kind, limit, {name: bytes(wav) for name, wav in clips.items()})
    except (FrameError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a lent job: {error}") from error
    raise ValueError("not a lent job")


def with_files(job: Job, files: dict[str, Path]) -> Job:
    """The job, with its clips' files on this node."""
    found: dict[str, Any] = {
        name: replace(clip, path=files[name]) for name, clip in _clips(job).items()
    }
    return replace(job, request=replace(job.request, **found))


def _clips(job: Job) -> dict[str, Clip]:
    request = job.request
    clips = {"reference": request.reference, "source": request.source}
    return {name: clip for name, clip in clips.items() if clip is not None}


def failure(error: SpeechError) -> Frame:
    """An error as it travels."""
    name = type(error).__name__
    return Frame("failed", {"type": name, "code": error.code, "en": error.en, "zh": error.zh})


def error_of(frame: Frame) -> SpeechError:
    """The error in a ``failed`` frame, as it would have been raised by a worker of this node."""
    kind = _KINDS.get(str(frame.fields.get("type")), errors.JobFailedError)
    told = (str(frame.fields.get(name, "")) for name in ("code", "en", "zh"))
    return kind(*told)
