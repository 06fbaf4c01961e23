"""The submodule, which a checkout without --recursive leaves empty."""
