"""Other people's trackers over the same detections.

Reads requests, a line of JSON each, and answers each with a line of JSON:

    {"folder": FOLDER, "name": NAME, "tracker": TRACKER, "settings": {}}
        All sequences of a folder as `layout` of tools/bench/track/sequences.ts makes it; writes the results.
    {"file": FILE, "objects": N, "rate": R, "tracker": TRACKER, "settings": {}}
        N boxes a frame, float32 x1, y1, x2, y2 one after the other; answers with the CPU time that a frame takes.
"""
import configparser
import json
import os
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
sys.stdout.reconfigure(line_buffering=True)

# Each takes the frames a second and settings, and gives two functions: one that turns rows of x1, y1, x2, y2, score
# into what the tracker takes, and one that takes that and gives rows of id, x1, y1, x2, y2. What is timed is the second.


def of_supervision(boxes):
    import supervision as sv

    return sv.Detections(
        xyxy=boxes[:, :4], confidence=boxes[:, 4], class_id=np.zeros(len(boxes), dtype=int)
    )


def with_ids(found):
    """Of what was found in the frame, what has a number: these trackers say -1 of what is not a track yet."""
    if len(found) == 0:
        return np.empty((0, 5))
    is_track = found.tracker_id >= 0
    return np.column_stack((found.tracker_id[is_track], found.xyxy[is_track]))


def of_roboflow(class_name):
    def make(rate, settings):
        import trackers

        tracker = getattr(trackers, class_name)(frame_rate=float(rate), **settings)
        return of_supervision, lambda found: with_ids(tracker.update(found))

    return make


def supervision_bytetrack(rate, settings):
    import supervision as sv

    tracker = sv.ByteTrack(frame_rate=rate, **settings)
    return of_supervision, lambda found: with_ids(tracker.update_with_detections(found))


def norfair(rate, settings):
    """Its times are frames: settings are seconds here. It takes no scores, so unsure detections are left out."""
    import norfair

    settings = dict(settings)
    least = settings.pop("score")
    longest = max(2, round(settings.pop("seconds") * rate))
    delay = min(longest - 1, settings.pop("initialization_delay"))
    tracker = norfair.Tracker(hit_counter_max=longest, initialization_delay=delay, **settings)

    def prepare(boxes):
        return [norfair.Detection(points=box[:4].reshape(2, 2)) for box in boxes if box[4] >= least]

    def update(found):
        now = set(map(id, found))
        tracks = [track for track in tracker.update(found) if id(track.last_detection) in now]
        return np.array([[track.id, *track.last_detection.points.reshape(-1)] for track in tracks]).reshape(-1, 5)

    return prepare, update


known = {
    "bytetrack": of_roboflow("ByteTrackTracker"),
    "sort": of_roboflow("SORTTracker"),
    "ocsort": of_roboflow("OCSORTTracker"),
    "cbiou": of_roboflow("CBIoUTracker"),
    "supervision": supervision_bytetrack,
    "norfair": norfair,
}


def detections_of(sequence):
    """The frames a second, and each frame's rows of x1, y1, x2, y2, score."""
    info = configparser.ConfigParser()
    info.read(os.path.join(sequence, "seqinfo.ini"))
    frames, rate = (info.getint("Sequence", key) for key in ("seqLength", "frameRate"))
    file = os.path.join(sequence, "det", "det.txt")
    rows = np.loadtxt(file, delimiter=",", ndmin=2) if os.path.getsize(file) > 0 else np.empty((0, 10))
    boxes = np.column_stack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6], rows[:, 6]))
    return rate, [boxes[rows[:, 0] == frame] for frame in range(1, frames + 1)]


cache = {}


def track(folder, name, tracker, settings):
    target = os.path.join(folder, "trackers", name, "data")
    os.makedirs(target, exist_ok=True)
    for sequence in sorted(os.listdir(os.path.join(folder, "gt"))):
        path = os.path.join(folder, "gt", sequence)
        if path not in cache:
            cache[path] = detections_of(path)
        rate, frames = cache[path]
        prepare, update = known[tracker](rate, settings)
        with open(os.path.join(target, f"{sequence}.txt"), "w") as file:
            for frame, boxes in enumerate(frames, 1):
                for number, x1, y1, x2, y2 in update(prepare(boxes)):
                    file.write(f"{frame},{int(number)},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,-1,-1,-1\n")
    return {}


def measure(file, objects, rate, tracker, settings):
    boxes = np.fromfile(file, dtype=np.float32).reshape(-1, objects, 4).astype(float)
    prepare, update = known[tracker](rate, settings)
    frames = [prepare(np.column_stack((frame, np.full(objects, 0.9)))) for frame in boxes]
    begun = time.process_time()
    for frame in frames:
        update(frame)
    return {"ms": (time.process_time() - begun) * 1000 / len(frames)}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps((track if "folder" in request else measure)(**request)))
