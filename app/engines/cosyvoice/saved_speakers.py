"""The speakers stored in a model folder, read without torch and without loading the model.

``spk2info.pt`` is what torch.save makes of a dictionary: a ZIP with a pickle and the tensors beside
it. Unpickling runs what the file names, so nothing it names is run here: every class becomes
``_Nothing``, every tensor stays unread; the dictionary's keys are all that is wanted.
"""

import pickle  # nosec B403
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engines.interface import EngineUnavailableError, Voice

_LARGEST = 1 << 26
"""Bytes of pickle that are read; a hundred speakers are some 50 kB."""
_LANGUAGES = {
    "中文女": ("Chinese, female", "zh-CN"),
    "中文男": ("Chinese, male", "zh-CN"),
    "粤语女": ("Cantonese, female", "zh-HK"),
    "英文女": ("English, female", "en-US"),
    "英文男": ("English, male", "en-US"),
    "日语男": ("Japanese, male", "ja-JP"),
    "韩语女": ("Korean, female", "ko-KR"),
}


@dataclass(frozen=True, slots=True)
class SavedSpeaker:
    """A speaker of the model folder."""

    voice: Voice
    from_clip: bool
    """Saved from a recording with its words, as ``save_spkinfo`` does; else trained in."""


class _Nothing:
    def __init__(self, *_arguments: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass


class _Names(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return dict if (module, name) == ("collections", "OrderedDict") else _Nothing

    def persistent_load(self, _pid: object) -> None:
        """A tensor's storage: left where it is."""


def saved_speakers(model_dir: Path) -> tuple[SavedSpeaker, ...]:
    """Empty where the folder has none. Raises ``EngineUnavailableError`` for a broken file."""
    path = model_dir / "spk2info.pt"
    if not path.exists():
        return ()
    try:
        found = _unpickled(path)
        return tuple(_speaker(name, entry) for name, entry in found.items())
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, *_WRONG_SHAPE) as error:
        raise EngineUnavailableError(
            f"the speakers in {path} cannot be read ({error}); remove the file or save it again"
        ) from error


_WRONG_SHAPE = (ValueError, TypeError, AttributeError, EOFError, KeyError, IndexError)


def _unpickled(path: Path) -> dict[str, dict[str, object]]:
    with zipfile.ZipFile(path) as archive:
        # The folder in the archive has the name the file had when it was saved.
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("not written by torch.save")
        name = names[0]
        if archive.getinfo(name).file_size > _LARGEST:
            raise ValueError("too large")
        with archive.open(name) as file:
            found: dict[str, dict[str, object]] = _Names(file).load()
    return found


def _speaker(name: str, entry: dict[str, object]) -> SavedSpeaker:
    english, language = _LANGUAGES.get(name, (name, "zh-CN"))
    return SavedSpeaker(Voice(name, name, english, language), "prompt_text" in entry)
