"""All facts of a host of one role, and their combination into its state; one file a role."""
