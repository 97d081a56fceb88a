"""The live readers: one file a venue, asked through ccxt when a person wants it."""
