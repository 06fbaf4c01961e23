"""Kokoro-82M: a small neural voice model (int8 ONNX) that runs on a CPU, natural, 24 kHz.

The model and its voices are files that ``python -m app.engines.kokoro.setup`` puts into a folder;
inference is kokoro-onnx's, Mandarin phonemes are misaki's, all others eSpeak NG's.
"""
