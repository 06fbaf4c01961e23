"""Have a text spoken and measure the sound.

Argument: ``{"address": str, "port": int, "tls": bool, "path": str, "body": object,
"timeout": seconds}``; the body is posted as JSON, the time is for the answer. Who refuses for now
(Retry-After) is asked again for half a minute: others may be at work from this address. Prints
``{"status": int, "node": str or null, "seconds": float, "bytes": int}`` and either ``error``
(also alone) or, of the WAV that came:

``rate``     samples a second
``length``   seconds
``level``    dB below full scale, over all of it
``loudest``, ``softest``  the same over the loudest and the softest tenth of its 20 ms frames:
             speech has pauses, a tone and noise have none
"""

from __future__ import annotations

import array
import http.client
import io
import json
import math
import ssl
import sys
import time
import wave
from typing import Any

FRAME = 0.02
CONNECT_TIMEOUT = 10
BUSY = (429, 503)
"""Refusals of a full line, or of one client's share of it (RFC 9110, Retry-After)."""
PATIENCE = 30
"""Seconds for which they are asked again."""
FULL_SCALE = 32768.0


def main() -> None:
    json.dump(speak(json.loads(sys.argv[1])), sys.stdout)


def speak(request: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    while True:
        # All tries together have the time of one.
        left = began + request["timeout"] - time.monotonic()
        found, wait = asked({**request, "timeout": left})
        if wait is None or time.monotonic() + wait > began + min(PATIENCE, request["timeout"]):
            return found
        time.sleep(wait)


def asked(request: dict[str, Any]) -> tuple[dict[str, Any], float | None]:
    """The measurement, and seconds after which a refusal asks to be asked again."""
    began = time.monotonic()
    connection = connection_to(request)
    headers = {"Content-Type": "application/json"}
    try:
        connection.connect()
        connection.sock.settimeout(request["timeout"])
        connection.request("POST", request["path"], json.dumps(request["body"]), headers)
        response = connection.getresponse()
        sound = response.read()
    except (OSError, http.client.HTTPException) as error:
        return {"error": str(error) or type(error).__name__}, None
    finally:
        connection.close()
    found = {
        "status": response.status,
        "node": response.getheader("X-Node"),
        "seconds": round(time.monotonic() - began, 3),
        "bytes": len(sound),
    }
    if response.status != 200:
        found["error"] = sound[:300].decode("utf-8", "replace")
        later = response.getheader("Retry-After", "")
        wait = max(0.5, float(later)) if later.isascii() and later.isdigit() else None
        return found, wait if response.status in BUSY else None
    try:
        return {**found, **measure(sound)}, None
    except (wave.Error, EOFError, ValueError) as error:
        return {**found, "error": "not a 16-bit WAV: " + (str(error) or "it is cut short")}, None


def connection_to(request: dict[str, Any]) -> http.client.HTTPConnection:
    address, port = request["address"], request["port"]
    if not request["tls"]:
        return http.client.HTTPConnection(address, port, timeout=CONNECT_TIMEOUT)
    # Whether there is sound is asked here, not whether the certificate is good.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, port, timeout=CONNECT_TIMEOUT, context=context)


def measure(sound: bytes) -> dict[str, Any]:
    with wave.open(io.BytesIO(sound)) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"its samples have {8 * file.getsampwidth()} bits")
        rate, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    step = max(1, int(rate * FRAME)) * channels
    powers = sorted(
        sum(sample * sample for sample in samples[start : start + step]) / step
        for start in range(0, len(samples) - step + 1, step)
    )
    if not powers:
        raise ValueError("it holds no sound")
    tenth = max(1, len(powers) // 10)
    return {
        "rate": rate,
        "length": round(len(samples) / channels / rate, 3),
        "level": decibels(powers),
        "loudest": decibels(powers[-tenth:]),
        "softest": decibels(powers[:tenth]),
    }


def decibels(powers: list[float]) -> float:
    # A tenth of the smallest step stands for digital silence, which has no logarithm.
    mean = max(sum(powers) / len(powers), 0.01)
    return round(10 * math.log10(mean / FULL_SCALE**2), 1)


if __name__ == "__main__":
    main()
