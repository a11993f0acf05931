"""The sections of docs/proof.md, in their order."""

from tools.proof.page import Section

SECTIONS = (
)
