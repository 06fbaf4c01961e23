"""Archive of everything that somebody needs to say what is wrong with a cluster."""
