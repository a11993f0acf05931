"""Types of argparse's options that more than one tool has."""

import argparse


def positive(text):
    """A whole number above 0."""
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)
