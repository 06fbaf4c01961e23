"""What is made of an uploaded recording, and what is refused."""

import hashlib
import tracemalloc
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.audio import decoding
from app.audio.clip import PreparedClip, read_clip
from app.errors import InvalidInputError
from app.sound.clip import ClipLimits
from tests.app.audio.sounds import silence, speech_like, write

LIMITS = ClipLimits(shortest=0.5, longest=5.0, lowest_rate=16000, sample_rate=24000)


def samples_of(path: Path) -> tuple[NDArray[np.float32], int]:
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 1
        assert file.getsampwidth() == 2
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return pcm.astype(np.float32) / np.float32(32768), file.getframerate()


def codes(clip: PreparedClip) -> set[str]:
    return {warning.code for warning in clip.report.warnings}


def refusal(path: Path, limits: ClipLimits = LIMITS) -> InvalidInputError:
    before = set(path.parent.iterdir())
    with pytest.raises(InvalidInputError) as caught:
        read_clip(path, limits, field="source")
    error = caught.value
    assert error.field == "source"
    assert error.en and any("\u4e00" <= character <= "\u9fff" for character in error.zh)
    assert set(path.parent.iterdir()) == before
    return error


def test_a_recording_becomes_a_clip(tmp_path: Path) -> None:
    sound = np.concatenate([silence(1.0, 48000), speech_like(4.0, 48000), silence(2.0, 48000)])
    prepared = read_clip(write(tmp_path / "me.wav", np.stack([sound, sound / 2]), 48000), LIMITS)
    heard, rate = samples_of(prepared.path)
    assert rate == 24000
    report = prepared.report
    assert report.duration == pytest.approx(len(heard) / rate, abs=0.001)
    assert 4.0 <= report.duration < 4.5
    assert report.recorded == pytest.approx(7.0, abs=0.01)
    assert (report.rate, report.channels) == (48000, 2)
    assert report.peak == pytest.approx(0.3, abs=0.01)
    assert report.clipping == 0
    assert len(report.waveform) == 200
    assert max(report.waveform) == pytest.approx(np.abs(heard).max(), abs=0.01)
    assert not report.warnings
    assert prepared.digest == hashlib.sha256(prepared.path.read_bytes()).hexdigest()
    clip = prepared.clip("你好")
    assert (clip.path, clip.digest, clip.transcript) == (prepared.path, prepared.digest, "你好")


def test_pitch_survives_resampling(tmp_path: Path) -> None:
    time = np.arange(2 * 44100) / 44100
    tone = (0.4 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    heard, rate = samples_of(read_clip(write(tmp_path / "a.wav", tone, 44100), LIMITS).path)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * rate / len(heard) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", "libmp3lame"),
        ("a.ogg", "libopus"),
        ("a.webm", "libopus"),
        ("a.m4a", "aac"),
        ("a.flac", "flac"),
        ("声音 样本.wav", "pcm_f32le"),
        ("a.wav", "pcm_u8"),
        ("a.wav", "pcm_s24le"),
    ],
)
def test_whatever_a_browser_or_phone_records(tmp_path: Path, name: str, codec: str) -> None:
    prepared = read_clip(write(tmp_path / name, speech_like(2.0, 48000), 48000, codec), LIMITS)
    assert prepared.report.duration == pytest.approx(2.0, abs=0.15)
    assert prepared.report.rate == 48000
    assert codes(prepared) == {"clip_short"}


def test_the_same_recording_gives_the_same_clip_under_another_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", speech_like(2.0))
    (folder := tmp_path / "clips").mkdir()
    first, second = (read_clip(path, LIMITS, folder=folder) for _ in range(2))
    assert first.digest == second.digest
    assert first.path != second.path
    assert {first.path, second.path} == set(folder.iterdir())


def test_what_is_too_long_is_cut_and_said(tmp_path: Path) -> None:
    prepared = read_clip(write(tmp_path / "a.wav", speech_like(9.0, 44100), 44100), LIMITS)
    heard, rate = samples_of(prepared.path)
    assert len(heard) == 5 * rate
    assert codes(prepared) == {"clip_cut"}
    # The cut is in the middle of a sound, and must not click.
    assert abs(heard[-1]) < 0.001


def test_clipping_is_told(tmp_path: Path) -> None:
    sound = np.clip(speech_like(4.0) * 6, -1, 1)
    prepared = read_clip(write(tmp_path / "a.wav", sound), LIMITS)
    assert prepared.report.clipping > 0.01
    assert codes(prepared) == {"clip_clipped"}
    assert np.abs(samples_of(prepared.path)[0]).max() <= 0.801


def test_a_quiet_recording_is_told_and_raised(tmp_path: Path) -> None:
    quiet = read_clip(write(tmp_path / "a.wav", speech_like(4.0, level=0.02)), LIMITS)
    loud = read_clip(write(tmp_path / "b.wav", speech_like(4.0, level=0.9)), LIMITS)
    assert codes(quiet) == {"clip_quiet"}
    low, high = (float(np.sqrt((samples_of(c.path)[0] ** 2).mean())) for c in (quiet, loud))
    assert low == pytest.approx(high, rel=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not audio at all",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        bytes(range(256)) * 400,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"PK\x03\x04" + bytes(1000),
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "a.wav").write_bytes(content)
    assert refusal(path).code in ("clip_unreadable", "clip_without_sound")


def test_a_playlist_is_never_followed(tmp_path: Path) -> None:
    sound = write(tmp_path / "secret.wav", speech_like(2.0))
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{sound}\n#EXT-X-ENDLIST\n")
    assert refusal(playlist).code == "clip_unreadable"
    listing = tmp_path / "a.ffconcat"
    listing.write_text("ffconcat version 1.0\nfile secret.wav\n")
    assert refusal(listing).code == "clip_unreadable"


@pytest.mark.parametrize(("name", "codec"), [("a.flac", "flac"), ("a.mp3", "libmp3lame")])
def test_a_damaged_recording_is_refused(tmp_path: Path, name: str, codec: str) -> None:
    path = write(tmp_path / name, speech_like(4.0), codec=codec)
    content = path.read_bytes()
    noise = np.random.default_rng(1).integers(0, 256, len(content), np.uint8).tobytes()
    path.write_bytes(content[: len(content) // 10] + noise)
    # Too little of it may be left to be told from an empty or a short one.
    expected = ("clip_unreadable", "clip_without_sound", "clip_too_short")
    assert refusal(path).code in expected


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    assert refusal(folder).code == "clip_unreadable"
    assert refusal(tmp_path / "gone.wav").code == "clip_unreadable"


@pytest.mark.parametrize("count", [1, 100, 11999])
def test_too_little_is_refused(tmp_path: Path, count: int) -> None:
    path = write(tmp_path / "a.wav", speech_like(1.0)[:count])
    assert refusal(path).code == "clip_too_short"


def test_no_sample_at_all_is_refused(tmp_path: Path) -> None:
    with wave.open(str(path := tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 24000, 0, "NONE", ""))
    assert refusal(path).code in ("clip_without_sound", "clip_unreadable")


def test_a_short_word_in_long_silence_is_refused(tmp_path: Path) -> None:
    sound = np.concatenate([silence(3.0), speech_like(0.1), silence(3.0)])
    assert refusal(write(tmp_path / "a.wav", sound)).code == "clip_too_short"


def test_silence_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path / "a.wav", silence(3.0))).code == "clip_silent"
    hiss = np.random.default_rng(1).normal(0, 0.0003, 72000).astype(np.float32)
    assert refusal(write(tmp_path / "b.wav", hiss)).code == "clip_silent"


def test_a_telephone_s_rate_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", speech_like(2.0, 8000), 8000)
    error = refusal(path)
    assert error.code == "clip_rate_too_low"
    assert "8000" in error.en and "16000" in error.zh


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = speech_like(2.0)
    sound[1000] = np.nan
    path = write(tmp_path / "a.wav", silence(2.0), codec="pcm_f32le")
    header = path.read_bytes()[: -4 * len(sound)]
    path.write_bytes(header + sound.tobytes())
    assert refusal(path).code == "clip_unreadable"


class Decoded:
    """Counts what is decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.samples = 0
        self._to_float = decoding._float
        monkeypatch.setattr(decoding, "_float", self._counted)

    def _counted(self, frame: AudioFrame) -> NDArray[np.float32]:
        self.samples += frame.samples
        return self._to_float(frame)


def test_what_says_that_it_is_too_long_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour of silence is 400 kB as FLAC."""
    path = write(tmp_path / "a.flac", silence(3600, 16000), 16000, codec="flac")
    assert path.stat().st_size < 2_000_000
    decoded = Decoded(monkeypatch)
    assert refusal(path).code == "clip_too_long"
    assert decoded.samples == 0


def test_a_bomb_is_not_decoded_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head says that it has no known length: only a little more than the bound is decoded."""
    path = write(tmp_path / "a.flac", silence(3600, 16000), 16000, codec="flac")
    content = bytearray(path.read_bytes())
    # The number of samples: the lower 36 of the 64 bits before the checksum of STREAMINFO.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    decoded = Decoded(monkeypatch)
    assert refusal(path).code == "clip_too_long"
    assert 16000 * decoding.LONGEST < decoded.samples < 16000 * (decoding.LONGEST + 5)


def test_a_long_recording_is_read_in_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept but the part that is used, and nothing is decoded after it."""
    sound = silence(500, 16000)
    sound[100 * 16000 : 109 * 16000] = speech_like(9.0, 16000)
    path = write(tmp_path / "a.flac", sound, 16000, codec="flac")
    decoded = Decoded(monkeypatch)
    tracemalloc.start()
    prepared = read_clip(path, LIMITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert codes(prepared) == {"clip_cut"}
    assert prepared.report.recorded == 500
    assert peak < 8_000_000 < sound.nbytes
    assert decoded.samples < 16000 * (500 + 106)


def test_pictures_without_sound_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pictures.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width = stream.height = 64
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        file.mux(stream.encode(None))
    assert refusal(path).code == "clip_without_sound"
