"""What hostile input and faults cannot do: the bounds of docs/limits.md, each tried."""
