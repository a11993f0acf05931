"""The one exception of this folder: a numbered sentence about bad input."""


class ImageError(Exception):
    """An image cannot be made from this input. str() gives "I03: what is wrong with what"."""

    def __init__(self, code, sentence):
        super().__init__(f"{code}: {sentence}")
        self.code = code
