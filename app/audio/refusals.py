"""Reasons to refuse a recording, in words for the person who uploaded it."""

from app.errors import InvalidInputError


def broken(field: str) -> InvalidInputError:
    """Refuse a recording whose container or codec cannot be read, or that is damaged too much."""
    return InvalidInputError(
        "clip_unreadable",
        f"the {field} is not a recording that can be read, or it is damaged; use WAV, MP3, M4A, "
        "FLAC, OGG or WebM",
        "无法读取该音频，文件已损坏或格式不受支持，请使用 WAV、MP3、M4A、FLAC、OGG 或 WebM",
        field=field,
    )


def no_sound(field: str) -> InvalidInputError:
    """The file is well but has no audio stream, or no sample in it."""
    return InvalidInputError(
        "clip_without_sound",
        f"the {field} holds no sound",
        "该文件中没有声音",
        field=field,
    )


def silent(field: str) -> InvalidInputError:
    """Refuse a recording in which nothing is loud enough to be speech."""
    return InvalidInputError(
        "clip_silent",
        f"nothing can be heard in the {field}; record it again, closer to the microphone",
        "音频中听不到声音，请靠近麦克风重新录制",
        field=field,
    )


def too_short(seconds: float, shortest: float, field: str) -> InvalidInputError:
    """Refuse a recording with less speech than the engine needs, without the silence around it."""
    return InvalidInputError(
        "clip_too_short",
        f"the {field} has {seconds:.2f} s of sound; at least {shortest:g} s are needed",
        f"音频有声部分只有 {seconds:.2f} 秒，至少需要 {shortest:g} 秒",
        field=field,
    )


def too_long(longest: float, field: str) -> InvalidInputError:
    """Refuse a recording longer than anybody would send for a voice: it is not decoded to its
    end."""
    return InvalidInputError(
        "clip_too_long",
        f"the {field} is longer than {longest:g} s or far too big; cut it",
        f"音频超过 {longest:g} 秒或过大，请剪短后再上传",
        field=field,
    )


def too_low_rate(rate: int, lowest: int, field: str) -> InvalidInputError:
    """Recorded with a bandwidth that does not show a voice, as on a telephone."""
    return InvalidInputError(
        "clip_rate_too_low",
        f"the {field} was recorded at {rate} Hz; at least {lowest} Hz are needed",
        f"音频采样率为 {rate} Hz，至少需要 {lowest} Hz",
        field=field,
    )
