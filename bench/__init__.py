"""The figures the README quotes, each a command; `python -m bench` runs all of them."""
