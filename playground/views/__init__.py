"""One widget a file: plain values in, intents out."""
