"""Market figures with their dates: the embedded snapshot, and live data on request.

The package stands beside the engine: studies never import it, pages hand them its values.
"""
