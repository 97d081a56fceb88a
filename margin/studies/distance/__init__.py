"""How far prices may move: alone, together, in a direction, on a map of two groups."""
