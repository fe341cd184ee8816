"""What differs between two captures once all that is volatile is gone. Nothing is judged here, and nothing is printed."""
