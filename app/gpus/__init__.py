"""The GPUs of the machine, as NVIDIA's driver reports them."""
