"""A rolling upgrade under steady load: ours, and the same one as an Ansible playbook."""
