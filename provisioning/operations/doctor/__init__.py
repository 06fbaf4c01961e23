"""Doctor: what is wrong, or will be, on hosts and their network, before a deploy and after it."""
