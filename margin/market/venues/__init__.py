"""The readers of the live venues, one module per venue, which send requests through ccxt."""
