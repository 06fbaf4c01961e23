"""Calls by name of functions that there are not. Gradio 6.31 answers them with 500."""

import gradio as gr
from gradio.route_utils import API_PREFIX
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.refusal import refusal


def routes(page: gr.Blocks) -> list[Route]:
    """Routes that answer with 404 what the page has no function for, and nothing else."""
    known = {name.strip("/") for name in page.get_api_info()["named_endpoints"]}
    paths = ("/call/{name}", "/call/{name}/", "/call/v2/{name}", "/call/v2/{name}/")
    return [_UnknownCall(API_PREFIX + path, known) for path in paths]


class _UnknownCall(Route):
    def __init__(self, path: str, known: set[str]) -> None:
        super().__init__(path, _no_function, methods=["POST"], include_in_schema=False)
        self._known = known

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave functions that there are to Gradio."""
        match, found = super().matches(scope)
        if match is not Match.FULL or found["path_params"]["name"] in self._known:
            return Match.NONE, {}
        return match, found


async def _no_function(_request: Request) -> Response:
    en, zh = "the page has no function of this name", "页面没有该名称的函数"
    return refusal(404, "no_function", en, zh, kind="invalid_request_error")
