"""Faults put into the code, one at a time, to see that a test fails: `python -m tests.code_mutants MODULE…` (`make mutants`).

The operators are mutmut's, and a few more; the running is done here. mutmut itself reaches neither decorated functions (properties)
nor what stands outside of functions (the tables), and that is where the rules of a protocol are."""
