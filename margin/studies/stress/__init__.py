"""What a crash day or a change of rules does to the account."""
