"""Every command a person can give, declared once: id, keys, words, when it is allowed and why not."""
