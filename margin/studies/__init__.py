"""Questions asked of an account.

Each study takes a Scenario and returns an immutable result; none draws or fetches.
"""
