"""Playing a part in live traffic: what is disturbed on its way, and by which rule."""
