"""Where dated figures come from.

The embedded snapshot, and the live venues where a person asks for them.

Beside the engine, not above it: studies never import this package, they are handed what it returns.
"""
