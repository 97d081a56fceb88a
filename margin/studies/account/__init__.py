"""The account as it stands: every figure, its arithmetic, what would help, what a link's maker saw."""
