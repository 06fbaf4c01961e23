"""Jobs brought to slots: who may wait, who is next, what becomes of a slot that fails."""
