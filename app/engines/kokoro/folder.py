"""The voice folder: where the model and the voices lie, and whether they are the right ones."""

import hashlib
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.errors import NodeError

VARIABLE = "COSYVOICE_KOKORO_DIR"
SETUP = "python -m app.engines.kokoro.setup"
"""The command that fills the folder."""

MODEL_BYTES = 92_361_271
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of ``kokoro-v1.0.int8.onnx``, as kokoro-onnx's release model-files-v1.0 has it."""
VOICES_SHA256 = "805caa490c66f8b4bdf14548ef4aab334f96e5b990e54ce9ea9fdf6fc98859c3"
"""Of names and content of all voices; see ``voices_digest``."""
VOICE_SHAPE = (510, 1, 256)
"""One style vector for each number of phonemes."""


class BadFilesError(NodeError):
    """Files of the folder are missing or not the right ones; the message says which."""


@dataclass(frozen=True, slots=True)
class VoiceFolder:
    """A folder with the model and the voices, or one that is to get them."""

    path: Path

    @property
    def model(self) -> Path:
        """The ONNX model."""
        return self.path / "kokoro-v1.0.int8.onnx"

    @property
    def voices(self) -> Path:
        """The voices' style vectors, one float32 array each in an NPZ file."""
        return self.path / "voices-v1.0.npz"

    def look(self) -> None:
        """Check that the files are there; cheap. Raises ``BadFilesError``."""
        for file in (self.model, self.voices):
            if not file.is_file():
                raise BadFilesError(f"there is no {file}")
        if (size := self.model.stat().st_size) != MODEL_BYTES:
            raise BadFilesError(f"{self.model} has {size} bytes instead of {MODEL_BYTES}")

    def verify(self) -> None:
        """Check the files against their checksums: 120 MB are read.

        Raises ``BadFilesError``, OSError.
        """
        self.look()
        check_model(self.model)
        check_voices(read_voices(self.voices), self.voices.name)


def voice_folder() -> VoiceFolder:
    """The folder that ``COSYVOICE_KOKORO_DIR`` names, else one in the user's data folder.

    An account without a home, as in some containers, has it in /var/lib.
    """
    if named := os.environ.get(VARIABLE):
        return VoiceFolder(Path(named).absolute())
    data = os.environ.get("XDG_DATA_HOME")
    return VoiceFolder((Path(data) if data else _data_home()) / "cosyvoice-cluster" / "kokoro")


def _data_home() -> Path:
    try:
        return Path.home() / ".local" / "share"
    except RuntimeError:
        return Path("/var/lib")


def check_model(path: Path) -> None:
    """Raise ``BadFilesError`` unless this file is the model."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != MODEL_SHA256:
        raise BadFilesError(f"{path.name} is not the right model or damaged (SHA-256 {digest})")


def check_voices(voices: dict[str, bytes], name: str) -> None:
    """Raise ``BadFilesError``, which calls the voices ``name``, unless they are the model's."""
    digest = voices_digest(voices)
    if digest != VOICES_SHA256:
        raise BadFilesError(f"{name} are not the right voices or damaged (SHA-256 {digest})")


def read_voices(path: Path) -> dict[str, bytes]:
    """The voices of an NPZ file as raw float32. Raises ``BadFilesError`` when it is none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name].astype("<f4").tobytes() for name in arrays.files}
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise BadFilesError(f"{path} is not a file of voices: {error}") from error


def voices_digest(voices: dict[str, bytes]) -> str:
    """Compute a SHA-256 over the names and the content of voices, whatever file they came in."""
    total = hashlib.sha256()
    for name in sorted(voices):
        total.update(f"{name} {hashlib.sha256(voices[name]).hexdigest()}\n".encode())
    return total.hexdigest()
