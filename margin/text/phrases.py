"""Words that several sentences share."""

COMMON_MOVE = "common move from −100 % to +1,000 %"
"""How far a common move is followed: a fall to its end, a rise to a bound."""
