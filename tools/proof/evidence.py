"""The way from a program that proves something to its section of docs/proof.md."""

import os


def is_wanted():
    """Whether the program is run for docs/proof.md; then its long form is."""
    return bool(os.environ.get("PROOF_FILE"))


def write(text):
    """Calls `text` for the section's body, where PROOF_FILE says that one is wanted."""
    if is_wanted():
        with open(os.environ["PROOF_FILE"], "w", encoding="utf-8") as file:
            file.write(text())
