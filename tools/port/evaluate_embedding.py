"""Measures an int8 embedding network beside its fp32 twin: how close, what few examples a class teach, and the time ratio."""

import argparse
from pathlib import Path

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

import pictures
from evaluate import session_of, time_ratios

SEEDS = 10


def outputs_of(card, session, files):
    """(embeddings, logits) of the pictures."""
    given, names = card["input"], card["outputs"]
    fit = pictures.crop if given["resize"] == "crop" else pictures.letterbox
    rows = []
    for path in files:
        pixels = fit(pictures.read(path), given)
        if given["type"] == "float32":
            mean, std = (np.float32(given[key]).reshape(1, 3, 1, 1) for key in ("mean", "std"))
            pixels = (pixels - mean) / std
        rows.append(session.run([names["embedding"], names["logits"]], {given["name"]: pixels}))
    return tuple(np.concatenate(part) for part in zip(*rows))


def few_shot(embeddings, labels, in_train, examples):
    """Mean accuracy on the test pictures of a linear SVM taught with so many examples a class, drawn with 10 seeds."""
    unit = normalize(embeddings)
    accuracies = []
    for seed in range(SEEDS):
        draw = np.random.default_rng(seed)
        chosen = np.concatenate([
            draw.choice(np.flatnonzero(in_train & (labels == label)), examples, replace=False) for label in np.unique(labels)
        ])
        machine = LinearSVC(random_state=0).fit(unit[chosen], labels[chosen])
        accuracies.append(machine.score(unit[~in_train], labels[~in_train]))
    return float(np.mean(accuracies))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cards", nargs=2, metavar="CARD", help="the fp32 and the int8 NAME.card.json")
    parser.add_argument("--pictures", required=True, type=Path, help="folder with train/LABEL/ and test/LABEL/")
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    files = sorted(p for p in arguments.pictures.glob("*/*/*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    labels = np.array([path.parent.name for path in files])
    in_train = np.array([path.parent.parent.name == "train" for path in files])
    pair = [session_of(path) for path in arguments.cards]
    results = [outputs_of(card, session, files) for card, session in pair]
    for (card, _), (embeddings, _) in zip(pair, results):
        accuracy = ", ".join(f"{few_shot(embeddings, labels, in_train, n):.4f} with {n}" for n in (5, 20))
        print(f"{card['name']}: accuracy {accuracy} examples a class, {SEEDS} seeds, {(~in_train).sum()} test pictures")
    (real, real_logits), (near, near_logits) = results
    cosine = (normalize(real) * normalize(near)).sum(1)
    print(f"cosine of the embeddings: median {np.median(cosine):.4f}, 10 % below {np.percentile(cosine, 10):.4f}, least {cosine.min():.4f}")
    print(f"the same best class: {(real_logits.argmax(1) == near_logits.argmax(1)).mean():.3f} of {len(files)} pictures")
    (a, b), middle, low, high = time_ratios(pair, arguments.rounds)
    print(f"fp32 / int8: {middle:.2f} (10-90 %: {low:.2f}-{high:.2f}), {a:.1f} ms / {b:.1f} ms, one thread")


if __name__ == "__main__":
    main()
