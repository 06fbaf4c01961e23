"""Voices from clips are heard once, and not without end."""

from pathlib import Path
from typing import Any, cast

from app.engines.cosyvoice.public_model import PublicModel
from app.engines.cosyvoice.speakers import Speakers
from app.sound.clip import Clip


class FakeModel:
    """Notes what it is told to hear."""

    def __init__(self) -> None:
        self.frontend = self
        self.spk2info: dict[str, dict[str, Any]] = {"中文女": {}}
        self.heard: list[tuple[str, str]] = []

    def add_zero_shot_spk(self, prompt_text: str, prompt_wav: str, zero_shot_spk_id: str) -> bool:
        self.heard.append((prompt_text, prompt_wav))
        self.spk2info[zero_shot_spk_id] = {}
        return True


def clip(number: int) -> Clip:
    return Clip(Path(f"/clips/{number}.wav"), f"{number:064x}")


def test_a_clip_is_heard_once_for_each_prompt() -> None:
    model = FakeModel()
    speakers = Speakers(cast(PublicModel, model))
    ids = [speakers.id_of(clip(1), prompt) for prompt in ("a", "b", "a")]
    assert ids[0] == ids[2] != ids[1]
    assert model.heard == [("a", "/clips/1.wav"), ("b", "/clips/1.wav")]


def test_the_same_content_under_another_name_is_known() -> None:
    model = FakeModel()
    speakers = Speakers(cast(PublicModel, model))
    first = speakers.id_of(clip(1), "a")
    assert speakers.id_of(Clip(Path("/else.wav"), clip(1).digest), "a") == first
    assert len(model.heard) == 1


def test_the_least_recently_used_goes_and_the_model_s_own_stay() -> None:
    model = FakeModel()
    speakers = Speakers(cast(PublicModel, model), most=2)
    one, two = (speakers.id_of(clip(number), "") for number in (1, 2))
    speakers.id_of(clip(1), "")
    three = speakers.id_of(clip(3), "")
    assert set(model.spk2info) == {"中文女", one, three}
    assert speakers.id_of(clip(2), "") == two
    assert len(model.heard) == 4
