"""Jobs over a folder of pictures in Spark, for `npm run bench:scale`: by ocellus-spark, and by Spark's own predict_batch_udf.

    scale.py PACKAGE MASTER FOLDER NETWORK OUT KINDS    then a line on stdin for each job: one of the kinds, or start

Kinds are ours and udf, to which Spark hands the pictures, and ours-files and udf-files, which get paths and read the files. A line of JSON is printed once it is
ready, after a small job of each of the kinds, and for each job: seconds by the clock and of the processor, of all processes of the session.
"""

import json
import os
import resource
import sys
import time

package, master, folder, network, out, kinds = sys.argv[1:]
sys.path.insert(0, package)

from ocellus_spark import answer, detect  # noqa: E402
from pyspark.ml.functions import predict_batch_udf  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.types import ArrayType, FloatType, IntegerType, StructField, StructType  # noqa: E402

SIZE = 416
LISTS = {"labels": IntegerType(), "scores": FloatType(), "boxes": FloatType()}
# As a text it is refused.
RESULT = StructType([StructField(name, ArrayType(kind)) for name, kind in LISTS.items()])


def make_predict():
    """Loads the network once a worker: decoding by OpenCV, letterbox, the network in one thread, boxes, suppression."""
    import cv2
    import numpy as np
    import onnxruntime

    cv2.setNumThreads(1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    strides = (8, 16, 32)
    cells = [np.stack(np.meshgrid(np.arange(SIZE // s), np.arange(SIZE // s)), -1).reshape(-1, 2) for s in strides]
    grid = np.concatenate(cells).astype(np.float32)
    stride = np.concatenate([np.full((len(cell), 1), s, np.float32) for cell, s in zip(cells, strides)])

    def found_in(data):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return {name: np.empty(0, np.float32) for name in ("labels", "scores", "boxes")}
        height, width = image.shape[:2]
        scale = min(SIZE / width, SIZE / height)
        w, h = round(width * scale), round(height * scale)
        input = np.full((SIZE, SIZE, 3), 114, np.uint8)
        input[:h, :w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_LINEAR)
        tensor = np.ascontiguousarray(input.transpose(2, 0, 1)[None], np.float32)
        cells = session.run(None, {"images": tensor})[0][0]
        scores = cells[:, 5:] * cells[:, 4:5]
        labels = scores.argmax(1)
        best = scores[np.arange(len(scores)), labels]
        kept = best >= 0.4
        centres = (cells[kept, :2] + grid[kept]) * stride[kept]
        sizes = np.exp(cells[kept, 2:4]) * stride[kept]
        boxes = np.concatenate([centres - sizes / 2, sizes], 1) / scale
        chosen = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best[kept].tolist(), labels[kept].tolist(), 0.4, 0.6)
        chosen = np.asarray(chosen, int).reshape(-1)
        return {
            "labels": labels[kept][chosen],
            "scores": best[kept][chosen],
            "boxes": boxes[chosen].reshape(-1),
        }

    def read(picture):
        if isinstance(picture, bytes):
            return picture
        with open(picture.removeprefix("file:"), "rb") as file:
            return file.read()

    return lambda pictures: [found_in(read(picture)) for picture in pictures]


def processes():
    """Seconds of the processor by process, with those of its children that have ended, and its parent."""
    all = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        all[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"))
    return all


def tree_seconds():
    all = processes()
    seconds = 0
    left = [os.getpid()]
    while left:
        pid = left.pop()
        seconds += all[pid][1]
        left += [child for child, (parent, _) in all.items() if parent == pid]
    return seconds


# Java does little here: of what its second compiler makes, no job of a minute gets the time back.
JAVA = "-XX:TieredStopAtLevel=1"
spark = (
    SparkSession.builder.master(master)
    .appName("ocellus")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.extraJavaOptions", JAVA)
    .config("spark.executor.extraJavaOptions", JAVA)
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "32")
    # Else a task has some thirty pictures: each file counts as 4 MiB.
    .config("spark.sql.files.openCostInBytes", "65536")
    .config("spark.sql.warehouse.dir", out)
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
udf = predict_batch_udf(make_predict, return_type=RESULT, batch_size=32)


def found(kind, pictures):
    whose, _, files = kind.partition("-")
    if whose == "ours":
        return detect(pictures.select("path") if files else pictures)
    return pictures.select("path", udf("path" if files else "content").alias("found"))


def job(kind, few=None):
    pictures = spark.read.format("binaryFile").load(folder)
    if few is not None:
        pictures = pictures.limit(few)
    before, begun = tree_seconds(), time.perf_counter()
    found(kind, pictures).write.mode("overwrite").parquet(f"{out}/{kind}")
    result = {"seconds": time.perf_counter() - begun, "cpu_seconds": tree_seconds() - before}
    return {**result, "rows": spark.read.parquet(f"{out}/{kind}").count()}


def start():
    """Of a worker that is given no picture: what each task waits for."""
    own = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])  # noqa: E731
    before, begun = own(), time.perf_counter()
    command = [*os.environ["OCELLUS_COMMAND"].split(" "), "worker", "--arrow", "--threads", "1"]
    rows = sum(batch.num_rows for batch in answer(iter(()), command))
    return {"seconds": time.perf_counter() - begun, "cpu_seconds": own() - before, "rows": rows}


for kind in kinds.split(","):
    job(kind, few=8)
print("\n" + json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    print("\n" + json.dumps(start() if line.strip() == "start" else job(line.strip())), flush=True)
