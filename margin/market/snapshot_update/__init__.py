"""The snapshot written anew from the live venues."""
