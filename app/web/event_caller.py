"""The sender of a page's event."""

import gradio as gr

from ..access.ownership import MINE, Caller
from ..errors import InvalidInputError
from ..middleware.callers import caller_of


def caller_of_event(request: gr.Request) -> Caller:
    """The sender of an event; nobody where Gradio does not tell."""
    return caller_of(getattr(request.request, "scope", None))


def check_known(caller: Caller) -> None:
    """Check that what the page makes has an owner, where it is for its owner alone. Raises
    ``InvalidInputError``."""
    if caller.rules.history == MINE and not caller.owner:
        raise InvalidInputError(
            "no_cookie",
            "what you make here is for you alone, but this browser keeps no cookie to know you by: "
            "allow cookies for this site and reload the page",
            "您生成的内容只有您自己能看到，但浏览器没有保存用来识别您的 Cookie："
            "请允许本站使用 Cookie，然后刷新页面",
        )
