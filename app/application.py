"""Page and API as one ASGI application. Importing this file does not import Gradio."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from app import __version__
from app.api import catalogue, health, outputs, problems, speech, unknown
from app.middleware.access import AccessLog
from app.middleware.body_limit import BodyLimit
from app.middleware.door import Door
from app.node import Node

# A hundred thousand characters in JSON's \uXXXX notation, and room for the rest.
_BODY_LIMIT = 1 << 20
_UPLOAD = "/gradio_api/upload"
_UPLOAD_LIMIT = 32 << 20


def build(node: Node) -> FastAPI:
    """The application of a node. Imports Gradio: seconds, and call `environment.prepare` first."""
    import gradio as gr

    from app.web import page, theme

    web = FastAPI(
        title="Text-to-speech node",
        version=__version__,
        # Their pages would load scripts from elsewhere; /openapi.json is there.
        docs_url=None,
        redoc_url=None,
        # Outermost first.
        middleware=[
            Middleware(AccessLog, node=node.settings.node_name),
            Middleware(Door, closed=lambda: node.stopping, hang_up=node.hang_up),
            Middleware(BodyLimit, limit=_BODY_LIMIT, exempt=frozenset({_UPLOAD})),
        ],
    )
    problems.install(web)
    web.include_router(health.routes(node))
    web.include_router(catalogue.routes(node.service.engine))
    web.include_router(speech.routes(node.service))
    web.include_router(outputs.routes(node.service.store))
    web.include_router(unknown.routes())
    # Played from where they are, not copied to Gradio's folder first.
    folders = [str(node.settings.output_dir), str(node.settings.spool_dir)]
    gr.set_static_paths(folders)
    blocks = page.build(node)
    node.page_waiting = lambda: page.waiting(blocks)
    node.page_answering = lambda: page.answering(blocks)
    gr.mount_gradio_app(
        web,
        blocks,
        path="/",
        allowed_paths=folders,
        footer_links=[],
        run_history=False,
        show_error=True,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=_UPLOAD_LIMIT,
        theme=theme.theme(),
        css_paths=[theme.STYLE],
    )
    return web
