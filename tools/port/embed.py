"""Writes the embeddings of pictures by a float port: what the tests hold the int8 one to."""

import argparse
from pathlib import Path

from evaluate import session_of
from evaluate_embedding import outputs_of


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("card", help="NAME.card.json")
    parser.add_argument("out", type=Path, help="float32 numbers, a row for each picture")
    parser.add_argument("pictures", nargs="+", type=Path)
    arguments = parser.parse_args()
    embeddings, _ = outputs_of(*session_of(arguments.card), arguments.pictures)
    arguments.out.write_bytes(embeddings.astype("<f4").tobytes())


if __name__ == "__main__":
    main()
