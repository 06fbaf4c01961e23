"""The nodes among themselves: who they are, how they are, and how they know each other."""
