"""Streaming encoders, decoded by FFmpeg again."""

import io
import wave

import av
import numpy as np
import pytest

from app.encoding.formats import FORMATS, encoded

SECONDS = 3


def tone(rate: int, hertz: int = 440) -> bytes:
    time = np.arange(rate * SECONDS) / rate
    return (np.sin(2 * np.pi * hertz * time) * 12000).astype("<i2").tobytes()


def parts(name: str, pcm: bytes, rate: int, size: int = 8192) -> list[bytes]:
    encoder = FORMATS[name].encoder(rate)
    pieces = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    return [*(encoder.feed(piece) for piece in pieces), encoder.finish()]


def decoded(content: bytes) -> tuple[np.ndarray, int]:
    with av.open(io.BytesIO(content), "r") as file:
        frames = list(file.decode(audio=0))
    resampler = av.AudioResampler("s16", "mono", frames[0].sample_rate)
    out = [part for frame in (*frames, None) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in out]), frames[0].sample_rate


def loudest_frequency(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100])
@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "wav"])
def test_what_comes_out_is_what_went_in(name: str, rate: int) -> None:
    samples, found = decoded(b"".join(parts(name, tone(rate), rate)))
    assert found == (48000 if name == "opus" else rate)
    # Lossy codecs add a delay of one or two of their frames, 128 ms each at 8 kHz.
    assert len(samples) / found == pytest.approx(SECONDS, abs=0.26)
    assert loudest_frequency(samples, found) == pytest.approx(440, abs=2)
    # Where it starts at once a codec overshoots.
    middle = samples[found : 2 * found].astype(float)
    assert np.sqrt((middle**2).mean()) == pytest.approx(12000 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100])
def test_bare_samples_have_one_rate(rate: int) -> None:
    content = b"".join(parts("pcm", tone(rate), rate))
    samples = np.frombuffer(content, "<i2")
    assert FORMATS["pcm"].rate_of(rate) == 24000
    assert len(samples) / 24000 == pytest.approx(SECONDS, abs=0.01)
    assert loudest_frequency(samples.astype(float), 24000) == pytest.approx(440, abs=1)
    if rate == 24000:
        assert content == tone(rate)


@pytest.mark.parametrize("name", ["flac", "wav"])
def test_lossless_formats_lose_nothing(name: str) -> None:
    samples, _ = decoded(b"".join(parts(name, tone(22050), 22050)))
    assert samples.astype("<i2").tobytes() == tone(22050)


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_second_is_out_before_the_next_goes_in(name: str) -> None:
    encoder = FORMATS[name].encoder(22050)
    ready = encoder.feed(tone(22050)[: 2 * 22050])
    if name != "pcm":
        ready_samples, rate = decoded(ready + encoder.finish())
        assert len(ready_samples) / rate >= 0.9
    # A header alone has fewer bytes.
    assert len(ready) > 2000


@pytest.mark.parametrize("name", FORMATS)
def test_how_the_sound_is_cut_changes_nothing(name: str) -> None:
    whole, cut = (b"".join(parts(name, tone(22050), 22050, size)) for size in (1 << 20, 1998))
    if name == "opus":
        # Ogg numbers its streams at random.
        assert np.array_equal(decoded(whole)[0], decoded(cut)[0])
    else:
        assert whole == cut


@pytest.mark.parametrize("name", FORMATS)
def test_one_sample_and_none(name: str) -> None:
    for pcm in (b"", b"\x01\x00"):
        b"".join(parts(name, pcm, 22050))


def test_wav_sizes() -> None:
    pcm = tone(22050)
    streamed = b"".join(parts("wav", pcm, 22050))
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    # Python reads a stream of unknown length to its end.
    with wave.open(io.BytesIO(streamed)) as file:
        assert file.readframes(file.getnframes()) == pcm
    with wave.open(io.BytesIO(encoded("wav", pcm, 22050))) as file:
        assert file.getnframes() == 22050 * SECONDS
