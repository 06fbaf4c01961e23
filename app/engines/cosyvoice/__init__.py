"""CosyVoice 2 and 3, through the public repository FunAudioLLM/CosyVoice and weights on disk."""
