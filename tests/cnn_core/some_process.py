"""A process for tests: says again what it hears, ends at a text, and says nothing to None."""

from cnn_core import process


def serve():
    process.serve_by(_serve)


def _serve(hear, say):
    while True:
        message = hear()
        if isinstance(message, str):
            return
        if message is not None:
            say(message)
