"""Page and API as one ASGI application. Importing this file does not import Gradio."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from . import __version__
from .access.keys import ApiKeys, read_keys
from .api import (
    audio_generate,
    books,
    captioned_speech,
    errors,
    health,
    inference,
    metrics,
    models,
    openapi,
    outputs,
    speech,
    unknown,
    voices,
)
from .api.head import Head
from .api.inline_clip import LARGEST
from .api.wrong_method import WrongMethod
from .books.manuscripts.manuscript import Bounds
from .early_refusal import EarlyRefusal
from .lending.routes import BODY_LIMIT as LENDING_LIMIT
from .metrics.jobs import JobMetrics
from .metrics.node_state import NodeCollector
from .metrics.requests import RequestMetrics
from .middleware.access_log import AccessLogMiddleware
from .middleware.api_keys import APIKeyMiddleware
from .middleware.body_limit import BodyLimitMiddleware
from .middleware.callers import CallersMiddleware
from .middleware.drain import DrainMiddleware
from .middleware.full_queue import FullQueueMiddleware
from .middleware.host_names import HostNamesMiddleware, OwnNames
from .middleware.job_start import CAPTIONED, INFERENCE, SPEAKS, SPEECH
from .middleware.limits import LimitsMiddleware, Share
from .middleware.open_requests import OpenRequestsMiddleware
from .middleware.other_sites import OtherSitesMiddleware
from .middleware.page_cache import PageCacheMiddleware
from .middleware.security_headers import SecurityHeadersMiddleware
from .node import Node
from .outputs.names import keeper_of
from .session_routing import Condition, PeersFile, SessionNames, SessionRouting

if TYPE_CHECKING:
    from gradio import Blocks

# A hundred thousand characters in JSON's \uXXXX notation, and room for the rest.
_BODY_LIMIT = 1 << 20
# What a page of another site may read of an answer's headers.
_EXPOSED = [
    "X-Request-ID",
    "X-Node",
    "X-Made-By",
    "X-Seed",
    "X-Voice",
    "X-Speed",
    "X-Sample-Rate",
    "X-Audio-Seconds",
    "X-Ignored-Fields",
    "X-Normalized",
    "X-Output",
    "X-Download-Path",
]
_UPLOAD = "/gradio_api/upload"
_UPLOAD_LIMIT = 32 << 20
# Two recordings in base64, and one as it is.
_SPEECH_LIMIT = _BODY_LIMIT + 2 * (LARGEST // 3 * 4 + 4)
_VOICES_LIMIT = _BODY_LIMIT + LARGEST
_INFERENCE_LIMIT = _BODY_LIMIT + 2 * LARGEST
_RENDERED = frozenset({"/", "/config"})


def build(node: Node) -> FastAPI:
    """The application of a node. Imports Gradio: seconds, and call ``environment.prepare``
    first."""
    key_file = node.settings.api_keys_file
    keys = read_keys(key_file) if key_file else None
    registry = _registry(node)
    requests = RequestMetrics(registry)
    layers = _middleware(node, keys, requests)
    node.connections.early = _turned_away(node, keys, layers, requests)
    web = FastAPIOffline(
        title="Text-to-speech node",
        version=__version__,
        redoc_url=None,
        static_url="/docs/assets",
        middleware=layers,
    )
    _add_api(web, node, registry)
    # After all other routes: it takes every path that is left.
    _add_page(web, node)
    return web


def _add_api(web: FastAPI, node: Node, registry: CollectorRegistry) -> None:
    errors.install(web)
    openapi.install(web)
    web.include_router(health.routes(node))
    web.include_router(metrics.routes(node, registry))
    web.include_router(models.routes(node.service.engine))
    web.include_router(speech.routes(node.service))
    web.include_router(captioned_speech.routes(node.service))
    web.include_router(audio_generate.routes(node.service, node.settings.node_name))
    web.include_router(inference.routes(node.service))
    web.include_router(voices.routes(node.service, node.settings.node_name))
    web.include_router(outputs.routes(node.service.store))
    if node.books:
        settings = node.settings
        bounds = Bounds(settings.book_characters, settings.book_size << 20)
        web.include_router(books.routes(node.service, node.books, bounds, settings.node_name))
    if node.lending:
        web.include_router(node.lending.routes())
    web.router.routes.append(Head(web.router.routes))
    web.router.routes.append(WrongMethod(web.router.routes))
    web.include_router(unknown.routes())


def _add_page(web: FastAPI, node: Node) -> None:
    import gradio as gr

    from .web import document, theme, words

    _add_files(web, node)
    keyed = node.settings.api_keys_file is not None
    service = node.service
    document.install(service.engine, service.limits.text, service.rules, keyed=keyed)
    blocks = _page(web, node)
    gr.mount_gradio_app(
        web,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=True,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=_UPLOAD_LIMIT,
        theme=theme.theme(),
        favicon_path=str(document.FAVICON),
        i18n=words.dictionary(node.service.engine),
    )
    _let_queue_follow(node, blocks)


def _add_files(web: FastAPI, node: Node) -> None:
    from .web.files import event_paths, routes

    # Before Gradio's own routes of the same names.
    web.include_router(routes.routes(node, _UPLOAD_LIMIT))
    settings = node.settings
    event_paths.install(settings.output_dir, settings.spool_dir, settings.temp_dir)


def _page(web: FastAPI, node: Node) -> "Blocks":
    """The page, which is not mounted yet: its counts are the node's, and some of its routes stand
    before Gradio's."""
    from .web import calls, identity, page, unknown_sessions

    blocks = page.build(node)
    # Before Gradio's own route, which fails where there is no such function.
    web.router.routes.extend(calls.routes(blocks))
    web.router.routes.extend(unknown_sessions.routes(blocks))
    identity.share(blocks, node.settings.release, node.service.engine.name)
    node.page_waiting = lambda: page.waiting(blocks)
    node.page_answering = lambda: page.answering(blocks)
    return blocks


def _let_queue_follow(node: Node, blocks: "Blocks") -> None:
    """Let the page's queue, which is there once the page is mounted, keep to the workers'."""
    from .web import job_start, queue_limit

    job_start.ask_first(blocks)
    if node.lending and node.settings.enable_queue:
        queue_limit.follow(blocks, lambda: node.queue_limit)


def _middleware(node: Node, keys: ApiKeys | None, requests: RequestMetrics) -> list[Middleware]:
    """Outermost first."""
    settings = node.settings
    layers = [
        Middleware(AccessLogMiddleware, node=settings.node_name, ended=requests.ended),
        Middleware(OpenRequestsMiddleware, counts=node.requests),
        Middleware(SecurityHeadersMiddleware),
        Middleware(HostNamesMiddleware, names=settings.host_names),
        # Also without any origin: where there is none of these, Gradio's own lets every site read
        # and write, unless the page is asked for as localhost.
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            # Never for all sites: a browser would send a key its user once typed.
            allow_credentials="*" not in settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        ),
        Middleware(OtherSitesMiddleware, allowed=settings.cors_origins),
    ]
    if keys is not None:
        # Before anything that reads a body or remembers what it names.
        layers.append(Middleware(APIKeyMiddleware, keys=keys))
    # With keys everybody is known by theirs.
    pages = frozenset() if keys else frozenset({"/"})
    layers.append(Middleware(CallersMiddleware, rules=node.service.rules, pages=pages))
    if settings.peers_file and node.secret:
        layers.append(
            Middleware(
                SessionRouting,
                node=settings.node_name,
                peers=PeersFile(settings.peers_file),
                secret=node.secret,
                condition=lambda: _condition(node),
                body_limit=_BODY_LIMIT,
                page="/",
                keeper=lambda path: keeper_of(path.rpartition("/")[2]),
                origins=settings.cors_origins,
                joined=node.leaving.join,
            )
        )
    else:
        layers.append(Middleware(SessionNames, body_limit=_BODY_LIMIT))
    layers += [
        Middleware(DrainMiddleware, closed=lambda: node.stopping, hang_up=node.hang_up),
        Middleware(FullQueueMiddleware, paths=SPEAKS, refusal=node.service.pool.refusal),
    ]
    key = Share(settings.key_rate, settings.key_jobs)
    client = Share(settings.client_rate, settings.client_jobs)
    if key != Share() or client != Share():
        layers.append(Middleware(LimitsMiddleware, key=key, client=client))
    layers += [
        Middleware(BodyLimitMiddleware, limit=_BODY_LIMIT, others=_other_limits(node)),
        Middleware(PageCacheMiddleware, paths=_RENDERED),
    ]
    return layers


def _turned_away(
    node: Node, keys: ApiKeys | None, layers: list[Middleware], requests: RequestMetrics
) -> EarlyRefusal:
    return EarlyRefusal(
        node.settings.node_name,
        node.service.pool,
        layers=[layer.cls for layer in layers],
        closed=lambda: node.stopping,
        names=OwnNames(node.settings.host_names),
        keys=keys,
        counted=requests.ended,
    )


def _condition(node: Node) -> Condition:
    """Describe this node to others, which ask before they send somebody here."""
    jobs = node.service.pool.running + node.waiting
    slots, leaving = node.service.pool.capacity, node.leaving.wished
    return Condition(node.settings.release, not node.not_ready, jobs, slots, leaving)


def _registry(node: Node) -> CollectorRegistry:
    """The node's metrics; its own registry, for the global one belongs to the process."""
    # Nobody asks for the times at which series began, and they would be every third line.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    node.service.pool.observe(JobMetrics(registry, node.service.engine.sample_rate))
    registry.register(NodeCollector(node))
    ProcessCollector(registry=registry)
    return registry


def _other_limits(node: Node) -> dict[str, int | None]:
    # Gradio has a limit of its own for uploads.
    limits: dict[str, int | None] = {_UPLOAD: None, "/_lending/job": LENDING_LIMIT}
    # JSON may write two bytes for one, and more for some.
    limits[books.PATH] = _BODY_LIMIT + 2 * (node.settings.book_size << 20)
    if node.service.engine.clips:
        limits |= {
            SPEECH: _SPEECH_LIMIT,
            CAPTIONED: _SPEECH_LIMIT,
            audio_generate.PATH: _SPEECH_LIMIT,
            "/v1/audio/voices": _VOICES_LIMIT,
            **dict.fromkeys(INFERENCE, _INFERENCE_LIMIT),
        }
    return limits
