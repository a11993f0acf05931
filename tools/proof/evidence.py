"""The way from a program that proves something to its section of docs/proof.md."""

import os


def write(text):
    """Calls `text` for the section's body, where PROOF_FILE says that one is wanted."""
    path = os.environ.get("PROOF_FILE")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text())
