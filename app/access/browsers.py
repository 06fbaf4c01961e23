"""Browsers in which nobody logs in, known by a cookie with a random token.

It goes along with every request, so that any node knows the browser and none has to remember it.
What is made has the token's digest for its owner: whoever can read the shared folder cannot pass
for the browser.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable

from .ownership import Caller, Rules

COOKIE = "cosyvoice_owner"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Over TLS. Browsers take one of this name from nobody else, in clear text or of another host
(RFC 6265bis, section 4.1.3.2): that could plant a token which it knows."""
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_DIGITS = 32
"""Of the digest: 128 bits."""
_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie; each visit begins it anew."""


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_in(headers: Iterable[tuple[bytes, bytes]], *, secure: bool) -> str:
    """The token in a request's headers; empty where there is none. ``secure``: over TLS."""
    wanted = SECURE_COOKIE if secure else COOKIE
    for name, value in headers:
        if name != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            key, _, token = pair.strip().partition("=")
            if key == wanted and _TOKEN.fullmatch(token):
                return token
    return ""


def cookie_with(token: str, *, secure: bool) -> str:
    """The value of ``Set-Cookie`` that has a browser keep a token.

    Scripts cannot read it. Pages of other sites send it with a link that is followed, which has
    to find its reader's history, and with nothing else.
    """
    name, more = (SECURE_COOKIE, "; Secure") if secure else (COOKIE, "")
    return f"{name}={token}; Path=/; Max-Age={_SECONDS}; HttpOnly; SameSite=Lax{more}"


def caller_of_token(token: str, rules: Rules) -> Caller:
    """The browser with this token; nobody known where it is empty."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:_DIGITS]
    return Caller(f"browser {digest}" if token else "", rules)
