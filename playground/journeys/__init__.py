"""One way through the window a file: what a person asks for, what changes, what shows it."""
