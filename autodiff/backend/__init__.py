"""From printed programs to functions that run: compiling, and caching per signature."""
