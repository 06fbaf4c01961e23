"""eSpeak NG: instant speech on a CPU in many languages, from a wheel that holds library and data.

The C API is that of speak_lib.h in eSpeak NG 1.52. The library keeps state between sentences that
no call resets, so each request loads it anew (5 ms); only then do equal requests give equal sound.
"""

import _ctypes
import ctypes
from collections.abc import Iterator

import espeakng_loader
import numpy as np

from app.engines.base import EngineError, Request, Samples, Voice

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PARAMETER_RATE = 1
_POSITION_CHARACTER = 1
_WORDS_PER_MINUTE = 175
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class ESpeak:
    """The engine that is always there."""

    name = "espeak"
    sample_rate = 22050
    voices: tuple[Voice, ...] = (
        Voice("cmn", "普通话 Mandarin", "zh-CN"),
        Voice("cmn+f2", "普通话女声 Mandarin, female", "zh-CN"),
        Voice("yue", "粤语 Cantonese", "yue"),
        Voice("en-us", "美式英语 English (US)", "en-US"),
        Voice("en-us+f3", "美式英语女声 English (US), female", "en-US"),
        Voice("en-gb", "英式英语 English (UK)", "en-GB"),
        Voice("ja", "日语 Japanese", "ja"),
        Voice("ko", "韩语 Korean", "ko"),
        Voice("de", "德语 German", "de"),
        Voice("es", "西班牙语 Spanish", "es"),
        Voice("fr-fr", "法语 French", "fr-FR"),
        Voice("it", "意大利语 Italian", "it"),
        Voice("ru", "俄语 Russian", "ru"),
    )

    def load(self) -> None:
        """Opens the library once, to tell early when it cannot be."""
        _Library().close()

    def synthesize(self, request: Request) -> Iterator[Samples]:
        """The whole text in one chunk: this engine is a thousand times faster than speech."""
        library = _Library()
        try:
            data = library.speak(request)
        finally:
            library.close()
        yield np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768.0


class _Library:
    """The shared library between two loads."""

    def __init__(self) -> None:
        try:
            self._dll = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise EngineError(f"eSpeak NG's library cannot be loaded: {error}") from None
        path = str(espeakng_loader.get_data_path()).encode()
        if self._dll.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 200, path, _DONT_EXIT) <= 0:
            raise EngineError(f"eSpeak NG finds no voice data in {path.decode()}")

    def speak(self, request: Request) -> bytes:
        chunks: list[bytes] = []

        def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
            if samples and count > 0:
                chunks.append(ctypes.string_at(samples, count * 2))
            return 0

        # Kept in a variable: the library holds no reference of its own.
        callback = _Callback(take)
        self._dll.espeak_SetSynthCallback(callback)
        self._dll.espeak_ng_SetRandSeed(ctypes.c_long(request.seed))
        ctypes.CDLL(None).srand(ctypes.c_uint(request.seed))
        if self._dll.espeak_SetVoiceByName(request.voice.encode()) != 0:
            raise EngineError(f"there is no voice {request.voice!r}")
        rate = round(_WORDS_PER_MINUTE * request.speed)
        self._dll.espeak_SetParameter(_PARAMETER_RATE, rate, 0)
        text = request.text.encode() + b"\0"
        self._dll.espeak_Synth(
            text, ctypes.c_size_t(len(text)), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        return b"".join(chunks)

    def close(self) -> None:
        self._dll.espeak_Terminate()
        _ctypes.dlclose(self._dll._handle)
