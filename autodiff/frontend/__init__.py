"""From a Python object to a core program: its source is found, its names are resolved, and it is lowered."""
