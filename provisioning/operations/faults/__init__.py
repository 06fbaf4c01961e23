"""What is not as it should be: rules over what was seen and what the inventory says. Pure.

One file per topic; each has one function from inventory and state to a list of faults.
"""
