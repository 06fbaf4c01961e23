"""The web process from its start to its end.

The order matters: the port is reserved at once (so that a taken one is an error at once) but
listens only when page and API can answer; the workers load while Gradio is being imported.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import secrets
import signal
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from . import __version__, logs
from .access.cluster_secret import ClusterSecret, read_secret
from .books.keeper import BookKeeper
from .books.kept import kept
from .books.shelf import Shelf
from .connections.connections import Connections
from .connections.descriptors import ShortOfDescriptors
from .connections.limits import limits_of_process, raise_descriptors
from .connections.protocol import limited
from .connections.proxies import Proxies
from .engines.registry import find_engine
from .gpus.drain import GpuDrain
from .gpus.events import Events
from .gpus.past_xids import PastXids
from .gpus.watch import GpuWatch
from .host.heap import keep_freed_memory, keep_what_is_there
from .host.listening import Server, reserved
from .host.served_certificate import CertificateWatch
from .lending.lending import Lending
from .node import Node
from .outputs.limits import Retention
from .outputs.shared import ShareTerms
from .outputs.spool import Spool
from .outputs.store import OutputStore
from .outputs.upload_space import UploadSpace
from .outputs.uploads import Uploads
from .outputs.watch import ShareWatch
from .paths import below
from .recordings import Recordings
from .session_routing.peers.enough import By, Enough
from .session_routing.peers.leaving import Leaving
from .settings import Settings
from .speech import RequestLimits, SpeechService
from .voices.clip_store import ClipStore
from .voices.store import VoiceStore
from .voices.voice_names import VoiceNames
from .workers.pool.pool import Pool
from .workers.pool.size import PoolSize
from .workers.slot import ServiceTime
from .workers.worker import WorkerCommand

if TYPE_CHECKING:
    from fastapi import FastAPI

_KEEP_ALIVE = 65
"""Seconds an idle connection stays open: longer than proxies' usual 60."""
_LINGER = 2
"""Seconds after the last job in which a page hears of it and fetches the sound."""
_CLOSING = 3
"""Seconds for answers on their way out when the port is closed."""
LAST_WORDS = 10
"""Seconds between the last job of a node that stops and its end."""
_log = logging.getLogger("app.server")


def run(settings: Settings) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); exits with 1 when the port cannot be had."""
    own = settings.cluster_secret_file
    key = read_secret(own) if own else secrets.token_bytes(32)
    logs.set_up(
        settings.log_level,
        settings.node_name,
        file=settings.log_file,
        texts=settings.log_texts,
        key=key,
    )
    with contextlib.ExitStack() as bound:
        listeners = [bound.enter_context(reserved(settings.host, p)) for p in settings.ports]
        if settings.server == "gunicorn":
            from . import under_gunicorn

            stop = settings.longest_timeout + LAST_WORDS
            under_gunicorn.serve(listeners, longest_stop=stop, work=partial(_serve, settings))
        else:
            asyncio.run(_serve(settings, listeners))
    logging.shutdown()
    # Python would wait for a thread that hangs in a dead NFS mount; nothing else is left to do.
    os._exit(0)


async def _serve(settings: Settings, listeners: list[socket.socket]) -> None:
    logs.capture_prints()
    keep_freed_memory()
    raise_descriptors()
    # What is being worked on; on a local disk, and gone with the process.
    with tempfile.TemporaryDirectory(prefix="cosyvoice-") as folder:
        watches = _watches(settings)
        try:
            node = _node(settings, Path(folder), watches)
            for watch in set(watches.values()):
                watch.start()
            await _serve_node(node, listeners)
        finally:
            for watch in set(watches.values()):
                watch.close()
    _log.info("stopped")


async def _serve_node(node: Node, listeners: list[socket.socket]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(ShortOfDescriptors())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node.service.pool.start()
    node.service.store.start()
    looking = asyncio.create_task(node.gpu_drain.follow()) if node.gpu_drain else None
    try:
        application = await _application(node)
        if node.lending:
            node.lending.start()
        if node.books:
            node.books.start()
        if not stop.is_set():
            await _until_stopped(node, application, listeners, stop)
    finally:
        if looking:
            looking.cancel()
        if node.books:
            await node.books.stop()
        if node.lending:
            await node.lending.stop()
        await node.service.pool.stop()
        if node.lending:
            await node.lending.close()
        if node.books:
            node.books.close()
        node.service.store.close()
        node.service.voices.close()
        node.recordings.close()
        node.gpus.close()
        node.certificate.close()


def _watches(settings: Settings) -> dict[Path, ShareWatch]:
    """Build the watches of the file servers of both shared folders; one for both where it is the
    same."""
    outputs, uploads = settings.output_dir, settings.temp_dir
    watch = ShareWatch(outputs)
    return {outputs: watch, uploads: watch if below(uploads, outputs) else ShareWatch(uploads)}


def _node(settings: Settings, here: Path, watches: dict[Path, ShareWatch]) -> Node:
    command = WorkerCommand(
        settings.engine,
        settings.node_name,
        settings.log_level,
        log_file=settings.log_file,
        log_texts=settings.log_texts,
    )
    engine = find_engine(settings.engine).describe()
    said = settings.worker_max_growth
    growth = engine.growth_limit if said is None else said
    size = PoolSize(
        settings.slots,
        settings.effective_queue_size,
        settings.job_timeout,
        settings.start_timeout,
        settings.longest_timeout,
        ServiceTime(settings.worker_max_jobs, growth << 20),
        settings.gpus,
    )
    space = UploadSpace(int(settings.upload_space * (1 << 30)))
    service = SpeechService(
        engine,
        Pool(command, size),
        _store(settings, watches[settings.output_dir], space),
        RequestLimits(settings.text_limit, settings.longest_timeout),
        voices=VoiceStore(
            settings.output_dir / "voices",
            settings.voice_limit,
            watch=watches[settings.output_dir],
        ),
        clips=ClipStore(here),
        voice_names=VoiceNames(settings.voice_names),
        rules=settings.rules,
    )
    recordings = Recordings(settings.temp_dir, here, watches[settings.temp_dir], space=space)
    limits = limits_of_process(settings.client_connections, settings.slots)
    connections = Connections(limits, Proxies(settings.trusted_proxies))
    node = Node(
        settings,
        service,
        recordings,
        connections,
        gpus=_gpu_watch(settings),
        certificate=CertificateWatch(settings.tls_port),
    )
    enough = Enough(settings.min_ready, By(settings.min_ready_by))
    node.leaving = Leaving(settings.node_name, enough)
    node.gpu_drain = GpuDrain(
        node.gpus,
        service.pool,
        node.leaving,
        Events(settings.spool_dir.with_name("gpu-events.json")),
        active=settings.gpu_health == "drain",
        quiet=settings.gpu_quiet,
    )
    if settings.peers_file and settings.cluster_secret_file:
        node.secret = ClusterSecret(settings.cluster_secret_file)
        node.lending = Lending(
            service,
            node=settings.node_name,
            release=settings.release,
            peers_file=settings.peers_file,
            secret=node.secret,
            opened=lambda: not node.draining,
        )
    if settings.books:
        node.books = BookKeeper(
            service,
            Shelf(settings.output_dir / "books", settings.books, watches[settings.output_dir]),
            settings.node_name,
            opened=lambda: not node.draining,
            patience=settings.book_patience,
            keep=settings.keep_days * 86400,
        )
    return node


def _gpu_watch(settings: Settings) -> GpuWatch:
    return GpuWatch(PastXids(settings.spool_dir.with_name("gpu-xids.json")))


def _store(settings: Settings, watch: ShareWatch, space: UploadSpace) -> OutputStore:
    return OutputStore(
        settings.output_dir,
        settings.node_name,
        spool=Spool(settings.spool_dir, settings.spool_limit << 20),
        limits=Retention(
            settings.keep_days,
            int(settings.keep_size * (1 << 30)),
            Uploads(settings.temp_dir, settings.keep_uploads * 3600, space),
            partial(kept, settings.output_dir / "books"),
        ),
        share=ShareTerms(
            settings.expect_mount,
            settings.require_shared_folder,
            settings.partition_outputs,
            watch,
        ),
    )


async def _application(node: Node) -> "FastAPI":
    from .web import environment

    environment.prepare(node.recordings.here / "gradio")
    # In a thread, so that the workers' messages are heard meanwhile.
    await asyncio.to_thread(importlib.import_module, "gradio")
    from . import application

    built = application.build(node)
    keep_what_is_there()
    return built


async def _until_stopped(
    node: Node,
    application: "FastAPI",
    listeners: list[socket.socket],
    stop: asyncio.Event,
) -> None:
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=limited(node.connections),
        ws="none",
        backlog=node.connections.limits.at_once,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_CLOSING,
    )
    about = {
        "version": __version__,
        "release": node.settings.release,
        "engine": node.settings.engine,
        "connections": node.connections.limits.places,
    }
    server = Server(config, about)
    serving = asyncio.create_task(server.serve(sockets=listeners))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        await _drain(node)
        node.hang_up.set()
        server.should_exit = True
    await serving
    if node.connections.early:
        node.connections.early.close()


async def _drain(node: Node) -> None:
    """Finish what was accepted, for as long as one job may take: what runs has the time it was
    promised, and what waits as long as a job that says nothing of it. Answers have what is left
    of that time: sound is often encoded, and heard, more slowly than it is made."""
    node.stopping = True
    if node.books:
        # Others go on with it at once.
        await node.books.stop()
    _log.info("draining", extra=_left(node))
    longest = max(node.settings.job_timeout, node.service.pool.seconds_left)
    end = asyncio.get_running_loop().time() + longest
    try:
        if node.unfinished:
            async with asyncio.timeout_at(end):
                while node.unfinished:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(_LINGER)
        async with asyncio.timeout_at(end):
            while node.requests.answers:
                await asyncio.sleep(0.05)
    except TimeoutError:
        _log.warning("left at the end of the drain", extra=_left(node))


def _left(node: Node) -> dict[str, int]:
    return {"unfinished": node.unfinished, "answers": node.requests.answers}
