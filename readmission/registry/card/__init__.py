"""The card of a version: what it is for, what it was made of and what was measured of it, for people and for machines.

Its sections follow TRIPOD+AI (Collins et al., BMJ 2024) and the applied model card of the Coalition for Health AI. What
no machine can know is left as a named blank.
"""
