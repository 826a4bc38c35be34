"""Hostile messages and params through a real pipe. `make fuzz` is `python -m fuzz`; `make test` runs a short part."""
