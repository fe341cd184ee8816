"""What does not count: identities given aliases, volatile values masked, and what is left as stable text (facts C)."""
