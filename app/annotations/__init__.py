"""Pronunciation written into a text: pinyin ``[h][ào]``, phonemes ``[M][AY0]``, sounds
``[breath]``.

``check`` tells what is wrong with such marks before a job is sent, ``parse`` gives engines the
parts.
"""

from app.annotations.problems import Problem, check
from app.annotations.segments import Kind, Segment, parse
from app.annotations.syllables import Syllable

__all__ = ["Kind", "Problem", "Segment", "Syllable", "check", "parse"]
