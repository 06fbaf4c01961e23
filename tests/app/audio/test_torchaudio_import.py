"""torchaudio is there on a CPU-only torch, and an honest failure elsewhere."""

import subprocess
import sys

import pytest

from app.audio.torchaudio_import import import_torchaudio
from tests.app.node_process import ROOT

_USE = """
import torch
from app.audio.torchaudio_import import import_torchaudio
torchaudio = import_torchaudio()
import torchaudio.compliance.kaldi as kaldi
assert import_torchaudio() is torchaudio
sound = torch.sin(torch.arange(16000) / 5)[None]
assert torchaudio.transforms.Resample(16000, 24000)(sound).shape == (1, 24000)
assert kaldi.fbank(sound, num_mel_bins=80, sample_frequency=16000).shape[1] == 80
"""

_CUDA = """
import torch
torch.version.cuda = "13.0"
from app.audio.torchaudio_import import import_torchaudio
import_torchaudio()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


def test_what_cosyvoice_needs_of_it_works() -> None:
    result = run(_USE)
    assert result.returncode == 0, result.stderr


def test_where_torch_has_cuda_a_failure_is_shown() -> None:
    if run("import torchaudio").returncode == 0:
        pytest.skip("torchaudio's extension loads on this machine")
    assert "OSError" in run(_CUDA).stderr


def test_what_needs_the_extension_says_so() -> None:
    torchaudio = import_torchaudio()
    if torchaudio._extension._IS_TORCHAUDIO_EXT_AVAILABLE:
        pytest.skip("torchaudio's extension loads on this machine")
    with pytest.raises(RuntimeError, match="forced_align"):
        torchaudio.functional.forced_align(None, None)
