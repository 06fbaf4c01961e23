"""Load an inventory file: YAML to a tree with places, values checked, mistakes explained."""
