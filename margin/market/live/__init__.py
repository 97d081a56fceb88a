"""The venues themselves, asked through ccxt when a person wants it."""
