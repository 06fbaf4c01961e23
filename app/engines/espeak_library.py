"""eSpeak NG's C interface (espeak-ng/speak_lib.h, espeak_ng.h) through ctypes.

The library keeps its synthesis state in static variables that ``espeak_Initialize`` does not
reset, so a second utterance differs from the first by some samples, whatever the seed. Only a
freshly loaded library is in a known state: ``Library`` is opened for one request and unloaded
after it (about 3 ms), which is what makes equal requests give equal bytes.
"""

import ctypes
import os
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import NodeError
from .espeak_events import SpeechEvents

AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
CHARS_UTF8 = 1
PHONEME_INPUT = 0x100
PHONEMES_AS_MNEMONICS = 0
END_PAUSE = 0x1000
POS_CHARACTER = 1
PARAMETER_RATE = 1
PARAMETER_PITCH = 3
PARAMETER_RANGE = 4
NORMAL_RATE = 175
"""Words per minute at tempo 1.0 (espeakRATE_NORMAL); 80 to 450 are accepted."""

_SYNTH_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
# The C library this process already runs on: for dlclose, and srand (eSpeak draws breath noise
# from rand() as well as from its own generator).
_LIBC = ctypes.CDLL(None)
_LIBC.dlclose.argtypes = [ctypes.c_void_p]


class EspeakError(NodeError):
    """eSpeak NG refused a call; the message holds its status number (espeak_ng_STATUS)."""


@dataclass(frozen=True, slots=True)
class LibraryFiles:
    """Paths of the shared library and its voice data."""

    library: str
    data: str


def _unshared(path: str) -> str:
    """A path of the library that ``Library`` alone has loaded, so that unloading it clears it.

    phonemizer, which Kokoro's tokenizer uses, holds the same file and never lets it go.
    """
    try:
        held = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError:
        return path
    _LIBC.dlclose(held._handle)
    return _copy_in_memory(path)


@lru_cache
def _copy_in_memory(path: str) -> str:
    # In memory: a worker may be killed at any time and would leave a file behind.
    descriptor = os.memfd_create("espeak-ng")
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(Path(path).read_bytes())
    return f"/proc/self/fd/{descriptor}"


class Library:
    """A freshly loaded eSpeak NG; a context manager. One at a time in a process."""

    def __init__(self, files: LibraryFiles) -> None:
        self._files = files
        self._pcm: list[bytes] = []
        self.events = SpeechEvents()
        """Of what was spoken last."""
        # ctypes keeps no reference to a callback handed to C: this attribute does.
        self._callback = _SYNTH_CALLBACK(self._collect)
        self.sample_rate = 0

    def __enter__(self) -> Self:
        """Load and initialise. Raises ``EspeakError``, OSError when it cannot be loaded."""
        self._lib = ctypes.CDLL(_unshared(self._files.library))
        self._lib.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self.sample_rate = self._lib.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, 0, self._files.data.encode(), INITIALIZE_DONT_EXIT
        )
        if self.sample_rate <= 0:
            self._unload()
            raise EspeakError(f"eSpeak NG found no usable voice data in {self._files.data}")
        self._lib.espeak_SetSynthCallback(self._callback)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lib.espeak_Terminate()
        self._unload()

    def configure(self, voice: str, speed: float, seed: int) -> None:
        """Choose voice, tempo (1.0 = normal) and seed. Raises ``EspeakError`` for a bad voice.

        The seed sets the breath noise of the voices that have some and, so that another seed is
        another take with every voice, moves pitch and liveliness a little (both 0 to 100, 50 is
        the voice's own).
        """
        _LIBC.srand(ctypes.c_uint(seed))
        self._check("seed", self._lib.espeak_ng_SetRandSeed(ctypes.c_long(seed)))
        self._check(f"voice {voice}", self._lib.espeak_SetVoiceByName(voice.encode()))
        dice = random.Random(seed)
        parameters = {
            PARAMETER_RATE: round(NORMAL_RATE * speed),
            PARAMETER_PITCH: dice.randint(46, 54),
            PARAMETER_RANGE: dice.randint(40, 60),
        }
        for parameter, value in parameters.items():
            status = self._lib.espeak_SetParameter(parameter, value, 0)
            self._check(f"parameter {parameter} = {value}", status)

    def speak(self, text: str, *, phoneme_input: bool = False) -> bytes:
        """The speech of ``text`` as mono signed 16-bit samples in this machine's byte order.

        ``phoneme_input``: what stands between ``[[`` and ``]]`` is phoneme mnemonics.
        """
        self._pcm.clear()
        self.events = SpeechEvents()
        encoded = text.encode() + b"\0"
        flags = CHARS_UTF8 | END_PAUSE | (PHONEME_INPUT if phoneme_input else 0)
        status = self._lib.espeak_Synth(
            encoded, len(encoded), 0, POS_CHARACTER, 0, flags, None, None
        )
        self._check("synthesis", status)
        return b"".join(self._pcm)

    def mnemonics(self, text: str) -> str:
        """The phonemes of one clause as the voice would say them, in eSpeak's own notation."""
        buffer = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        found = self._lib.espeak_TextToPhonemes(
            ctypes.byref(place), CHARS_UTF8, PHONEMES_AS_MNEMONICS
        )
        return (found or b"").decode()

    def _collect(
        self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int | None
    ) -> int:
        self.events.collect(events)
        if samples and count > 0:
            self._pcm.append(ctypes.string_at(samples, count * 2))
        return 0

    def _check(self, what: str, status: int) -> None:
        if status != 0:
            raise EspeakError(f"eSpeak NG refused {what} (status {status})")

    def _unload(self) -> None:
        handle = self._lib._handle
        del self._lib
        _LIBC.dlclose(handle)
