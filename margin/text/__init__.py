"""Every sentence: a result in, words out."""
