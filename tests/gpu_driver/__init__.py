"""A stand-in for NVIDIA's driver library, over which the real nvidia-ml-py runs."""
