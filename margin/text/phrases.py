"""Words that several sentences share."""

NOW = "at these marks"
"""The prices that the scenario has."""
LIQUIDATED_NOW = f"liquidated {NOW}"
COMMON_MOVE = "joint move from −100% to +1,000%"
"""How far a joint move is followed: a fall to its end, a rise to a bound."""
