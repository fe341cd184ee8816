"""What ought to be seen: the sequence machine, the rules, and verdicts. Values in, findings out; nothing is printed here."""
