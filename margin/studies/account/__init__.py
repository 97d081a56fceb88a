"""The account as it stands.

Every figure, its arithmetic, what would help, what a link's maker saw.
"""
