"""The same account in the other margin mode, on other venues, and as its venue tells it."""
