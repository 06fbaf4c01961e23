"""Speed, seed and time limit."""

import math
import secrets

from ..engines.interface import Capability, EngineInfo
from ..errors import InvalidInputError
from ..speech_request import SpeechRequest

SLOWEST, FASTEST = 0.5, 2.0
OPENAI_SLOWEST, OPENAI_FASTEST = 0.25, 4.0
"""Speeds that OpenAI's API allows, and its clients offer."""
FIRST_SEED, LAST_SEED = 1, 100_000_000
SHORTEST_TIMEOUT = 1.0
"""Seconds."""


def speed_of(ask: SpeechRequest, engine: EngineInfo) -> float:
    """The speed, when engine and kind of answer allow it."""
    speed = ask.speed
    if not math.isfinite(speed) or not SLOWEST <= speed <= FASTEST:
        raise InvalidInputError(
            "speed_out_of_range",
            f"speed {speed:g} is not between {SLOWEST:g} and {FASTEST:g}",
            f"语速 {speed:g} 不在 {SLOWEST:g} 到 {FASTEST:g} 之间",
            field="speed",
        )
    if speed != 1 and Capability.SPEED not in engine.capabilities:
        raise InvalidInputError(
            "speed_not_supported",
            f"the engine {engine.name} has one speed only; leave speed out, or at 1",
            f"引擎 {engine.name} 不能调节语速，请使用 1",
            field="speed",
        )
    if speed != 1 and ask.stream and not speed_streams(engine):
        raise InvalidInputError(
            "speed_while_streaming",
            f"the engine {engine.name} has a speed of its own only without streaming; "
            "leave speed at 1, or do not stream",
            f"引擎 {engine.name} 流式合成时不能调节语速，请使用 1 或关闭流式",
            field="speed",
        )
    return float(speed)


def nearest_speed(speed: float) -> float:
    """The speed for a client that goes by OpenAI's range: the nearest that there is. What is beyond
    that range, too, stays as it is, and is refused."""
    if OPENAI_SLOWEST <= speed <= OPENAI_FASTEST:
        return min(max(speed, SLOWEST), FASTEST)
    return speed


def speed_streams(engine: EngineInfo) -> bool:
    """Tell whether speed and streaming go together; they do where nothing is really streamed."""
    needed = {Capability.STREAMING, Capability.SPEED_WHILE_STREAMING}
    return needed & engine.capabilities != {Capability.STREAMING}


def seed_of(ask: SpeechRequest, engine: EngineInfo) -> int:
    """The seed asked for, or a random one."""
    seed = ask.seed
    if seed is None:
        return FIRST_SEED + secrets.randbelow(LAST_SEED)
    if Capability.SEED not in engine.capabilities:
        raise InvalidInputError(
            "seed_not_supported",
            f"the engine {engine.name} takes no seed; leave it out",
            f"引擎 {engine.name} 不支持随机种子，请去掉该字段",
            field="seed",
        )
    if not FIRST_SEED <= seed <= LAST_SEED:
        raise InvalidInputError(
            "seed_out_of_range",
            f"seed {seed} is not between {FIRST_SEED} and {LAST_SEED}",
            f"随机种子 {seed} 不在 {FIRST_SEED} 到 {LAST_SEED} 之间",
            field="seed",
        )
    return seed


def check_timeout(timeout: float | None, longest: float) -> None:
    """Check that a job may have so many seconds; ``longest`` is the node's limit."""
    if timeout is None:
        return
    if not math.isfinite(timeout) or not SHORTEST_TIMEOUT <= timeout <= longest:
        raise InvalidInputError(
            "timeout_out_of_range",
            f"timeout {timeout:g} is not between {SHORTEST_TIMEOUT:g} and {longest:g} seconds",
            f"时限 {timeout:g} 秒不在 {SHORTEST_TIMEOUT:g} 到 {longest:g} 秒之间",
            field="timeout",
        )
