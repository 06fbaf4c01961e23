"""The worker process: load the engine, speak once to warm up, then do job after job.

It imports neither Gradio nor FastAPI. It ends when the web process closes the connection or
dies; it leaves signals to the web process, which drains first and ends its workers itself.
"""

import argparse
import contextlib
import ctypes
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from .. import logs
from ..engines.interface import (
    CannotSpeakError,
    Engine,
    EngineUnavailableError,
    SynthesisRequest,
    TimedSamples,
    TimingEngine,
)
from ..engines.registry import find_engine
from ..host.heap import keep_freed_memory
from ..private_texts import TEXTS, keep_private
from ..sound.pcm import SAMPLE_BYTES, audible, pcm16
from . import frames
from .frames import Frame
from .job import Job, job_of
from .memory import is_out_of_memory
from .sound_memory import SoundWriter
from .word_frames import words_frame

_PR_SET_PDEATHSIG = 1
_log = logging.getLogger("app.worker")


def main() -> None:
    """Entry point of the worker process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connection", type=int, required=True, help="inherited descriptor")
    parser.add_argument("--sound", type=int, required=True, help="inherited descriptor")
    parser.add_argument("--parent", type=int, required=True, help="process id of the web process")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--node-name", required=True)
    parser.add_argument("--log-level", required=True)
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--log-texts", action="store_true")
    options = parser.parse_args()
    # systemd and terminals signal every process of the service.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(options.parent)
    keep_freed_memory()
    logs.set_up(
        options.log_level, options.node_name, file=options.log_file, texts=options.log_texts
    )
    logs.capture_prints()
    connection = socket.socket(fileno=options.connection)
    with contextlib.suppress(_HungUpError):
        _serve(options.engine, connection, SoundWriter(options.sound))


class _HungUpError(Exception):
    """The web process no longer listens."""


def _serve(engine_name: str, connection: socket.socket, sound: SoundWriter) -> None:
    try:
        engine, first_request = _warm_engine(engine_name)
    except EngineUnavailableError as error:
        _send(connection, Frame("unavailable", {"message": str(error)}))
        return
    except Exception as error:
        _log.exception("the engine does not start")
        _send(connection, Frame("unavailable", {"message": _told(error)}))
        return
    _send(connection, Frame("ready", {}))
    while (frame := frames.receive(connection)) is not None:
        # A cancellation that came after its job had ended has nothing left to stop.
        if frame.kind == "speak":
            _do(job_of(frame), engine, connection, sound)
        elif frame.kind == "rehearse":
            _do(Job("self-test", first_request), engine, connection, sound)


def _send(connection: socket.socket, frame: Frame) -> None:
    try:
        connection.sendall(frame.encoded())
    except ConnectionError as error:
        raise _HungUpError from error


def _die_with(parent: int) -> None:
    """Arrange to be killed when the web process is, even in the middle of a job (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def _warm_engine(name: str) -> tuple[Engine, SynthesisRequest]:
    """Load an engine, hear it speak, and return it with its first request. Raises
    ``EngineUnavailableError``."""
    plugin = find_engine(name)
    info = plugin.describe()
    engine = plugin.load()
    if not any(audible(pcm16(chunk)) for chunk in list(engine.synthesize(info.first_request))):
        raise EngineUnavailableError(f"engine {name!r} loads but its first words are silent")
    return engine, info.first_request


def _do(job: Job, engine: Engine, connection: socket.socket, sound: SoundWriter) -> None:
    token = logs.REQUEST_ID.set(job.request_id)
    texts = TEXTS.set(())
    keep_private(job.request.text, job.request.instruction)
    _send(connection, Frame("started", {}))
    try:
        ending = _speak(job, engine, connection, sound)
    except CannotSpeakError as error:
        ending = Frame("refused", {"en": error.en, "zh": error.zh})
    except _HungUpError:
        raise
    except Exception as error:
        _log.exception("the engine failed")
        told = {"message": _told(error)}
        ending = Frame("failed", told | {"out_of_memory": is_out_of_memory(error)})
    finally:
        logs.REQUEST_ID.reset(token)
        TEXTS.reset(texts)
    _send(connection, ending)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _speak(job: Job, engine: Engine, connection: socket.socket, sound: SoundWriter) -> Frame:
    heard = False
    sound.begin()
    for piece in _pieces(engine, job.request):
        pcm = pcm16(piece.samples)
        heard = heard or audible(pcm)
        if pcm:
            begin = sound.end // SAMPLE_BYTES
            _send(connection, Frame("audio", {"end": sound.write(pcm)}))
            if piece.words:
                _send(connection, words_frame(piece.words, begin))
        if _something_to_read(connection):
            frame = frames.receive(connection)
            if frame is None:
                raise _HungUpError
            return Frame("cancelled", {})
    if not heard:
        raise CannotSpeakError(
            "this voice finds nothing to speak in the text; try another voice",
            "所选声音在这段文字中没有可以朗读的内容，请换一个声音",
        )
    return Frame("done", {})


def _pieces(engine: Engine, request: SynthesisRequest) -> Iterator[TimedSamples]:
    if request.word_times:
        return cast(TimingEngine, engine).timed(request)
    return map(TimedSamples, engine.synthesize(request))


def _something_to_read(connection: socket.socket) -> bool:
    # Not select(2), which knows 1,024 descriptors; this one's number is the web process's.
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


if __name__ == "__main__":
    main()
