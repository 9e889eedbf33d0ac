"""Pictures as a network's input: letterboxed or cropped as the card says."""

from pathlib import Path

import numpy as np
from PIL import Image


def find(folder):
    names = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not names:
        raise SystemExit(f"{folder}: expected pictures (.jpg, .png), found none")
    return names


def read(path):
    """RGB, uint8, [height, width, 3]."""
    return np.asarray(Image.open(path).convert("RGB"))


def letterbox(picture, card_input):
    """The input tensor (uint8, NCHW) and how to get back: (scale x, scale y, left, top)."""
    height, width = picture.shape[:2]
    w, h = card_input["width"], card_input["height"]
    scale = min(w / width, h / height)
    inner_w, inner_h = round(width * scale), round(height * scale)
    left, top = (0, 0) if card_input["align"] == "top-left" else ((w - inner_w) // 2, (h - inner_h) // 2)
    canvas = np.full((h, w, 3), card_input["pad"], np.uint8)
    canvas[top : top + inner_h, left : left + inner_w] = bilinear(picture, inner_w, inner_h)
    if card_input["channels"] == "BGR":
        canvas = canvas[:, :, ::-1]
    return canvas.transpose(2, 0, 1)[None], (inner_w / width, inner_h / height, left, top)


def crop(picture, card_input):
    """The middle of a picture that fills the input (uint8, NCHW)."""
    height, width = picture.shape[:2]
    w, h = card_input["width"], card_input["height"]
    scale = max(w / width, h / height)
    inner_w, inner_h = round(w / scale), round(h / scale)
    left, top = (width - inner_w) // 2, (height - inner_h) // 2
    canvas = area(picture[top : top + inner_h, left : left + inner_w], w, h)
    return (canvas[:, :, ::-1] if card_input["channels"] == "BGR" else canvas).transpose(2, 0, 1)[None]


def bilinear(picture, width, height):
    """Half-pixel centres, no prefilter: what a camera's picture meets on the board (OpenCV's INTER_LINEAR)."""
    return sampled(picture, width, height, picture.shape[1] / width, picture.shape[0] / height)


def area(picture, width, height):
    """Bilinear after the means of whole boxes, where an axis shrinks by 2 or more: the board's way, nothing aliases."""
    means, steps = picture.astype(np.float32), []
    for axis, target in enumerate((height, width)):
        side = picture.shape[axis]
        box = min(16, max(1, side // target))
        starts = np.arange(0, side, box)
        counts = np.minimum(box, side - starts).reshape(-1, *[1] * (2 - axis))
        means = np.add.reduceat(means, starts, axis) / counts
        steps.append(side / target / box)
    return sampled(np.rint(means), width, height, steps[1], steps[0])


def sampled(picture, width, height, step_x, step_y):
    """Between two elements by two, `step` elements apart."""

    def axis(source, target, step):
        at = (np.arange(target) + 0.5) * step - 0.5
        low = np.floor(at).astype(int)
        return np.clip(low, 0, source - 1), np.clip(low + 1, 0, source - 1), (at - low).astype(np.float32)

    y0, y1, fy = axis(picture.shape[0], height, step_y)
    x0, x1, fx = axis(picture.shape[1], width, step_x)
    rows = picture[y0] * (1 - fy)[:, None, None] + picture[y1] * fy[:, None, None]
    mixed = rows[:, x0] * (1 - fx)[None, :, None] + rows[:, x1] * fx[None, :, None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
