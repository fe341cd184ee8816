"""What was found in many captures, in a database of one file that can be asked: rows, the file, and questions."""
