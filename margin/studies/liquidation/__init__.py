"""The account driven along a path of prices and liquidated step by step as its venue does it."""
