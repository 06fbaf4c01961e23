"""Init: an inventory to start from, out of answers, what machines show, and Ansible's inventory."""
