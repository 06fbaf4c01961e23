"""Keys of the inventory explained."""
