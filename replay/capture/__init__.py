"""What was seen: exchanges, the journal, the readers of capture formats, and sessions, enrolments and episodes."""
