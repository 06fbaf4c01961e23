"""Size limits of uploads, for one and for all of one client: counted as they come, whatever the
head says."""

from fastapi import Request
from limits import RateLimitItemPerMinute
from starlette.types import Message, Receive

from ...errors import SpeechError
from ...middleware.limits import users_of
from ...middleware.moving_window import MovingWindow
from ...outputs.upload_space import UploadSpace

MOST_FILES = 10
"""Files of one request."""
MOST_MIB = 64
"""MiB of one request, all files together."""
_MINUTES = 10
_MIB = 1 << 20


class UploadRefusedError(SpeechError):
    """Upload of more than may be sent."""

    type = "invalid_request_error"

    def __init__(
        self, status: int, code: str, en: str, zh: str, retry_after: int | None = None
    ) -> None:
        super().__init__(code, en, zh, retry_after=retry_after)
        self.status = status


class UploadBounds:
    """Bounds of all uploads to a node. ``share``: MiB that one client may send in ten minutes; 0 is
    no limit."""

    def __init__(self, share: int, space: UploadSpace) -> None:
        self._share = share
        self._space = space
        self._window = MovingWindow()

    async def metered(self, request: Request) -> Request:
        """The request, whose body ends with an error where it is too much.

        Raises ``UploadRefusedError`` and ``StorageError``, now or when the body is read.
        """
        length = request.headers.get("content-length", "")
        meter = _Meter(self, request, int(length) if length.isdigit() else 0)
        await meter.begin()
        return Request(request.scope, meter.receive)

    async def charge(self, request: Request, mib: int) -> None:
        """Take from a client's share; one with a key has it by that, others by their address."""
        user = next(users_of(request.scope), None)
        if not self._share or user is None:
            return
        item = RateLimitItemPerMinute(self._share, _MINUTES)
        if seconds := await self._window.take(item, "upload", *user, cost=mib):
            raise UploadRefusedError(
                429,
                "upload_rate",
                f"this {user[0]} may upload {self._share} MiB in {_MINUTES} minutes; "
                f"try again in {seconds} s",
                f"{_MINUTES} 分钟内最多上传 {self._share} MiB，请 {seconds} 秒后再试",
                seconds,
            )

    def check_space(self, length: int) -> None:
        """Check that the folder has room for so many bytes."""
        self._space.check(length)


class _Meter:
    """Meter of one request. A MiB that has begun is paid for."""

    def __init__(self, bounds: UploadBounds, request: Request, announced: int) -> None:
        self._bounds = bounds
        self._request = request
        self._receive: Receive = request.receive
        self._announced = announced
        self._came = self._paid = 0

    async def begin(self) -> None:
        await self._pay(max(1, self._announced))

    async def receive(self) -> Message:
        message = await self._receive()
        self._came += len(message.get("body", b""))
        await self._pay(self._came)
        return message

    async def _pay(self, length: int) -> None:
        mib = -(-length // _MIB)
        if mib > MOST_MIB:
            raise UploadRefusedError(
                413,
                "upload_too_large",
                f"an upload has at most {MOST_MIB} MiB",
                f"一次上传最多 {MOST_MIB} MiB",
            )
        if mib > self._paid:
            self._bounds.check_space(length)
            await self._bounds.charge(self._request, mib - self._paid)
            self._paid = mib


def check_count(files: int) -> None:
    """Raise ``UploadRefusedError`` for too many files in one request."""
    if files > MOST_FILES:
        raise UploadRefusedError(
            413,
            "upload_too_many",
            f"an upload has at most {MOST_FILES} files",
            f"一次最多上传 {MOST_FILES} 个文件",
        )
