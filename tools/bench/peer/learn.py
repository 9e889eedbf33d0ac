"""scikit-learn's LinearSVC on the fp32 embeddings, for learn.ts. One thread.

The argument is a file of float32, row by row; the first line of input says how many columns. Then one JSON request a line:
{"labels": [...], "train": [...], "test": [...]} answers with what the rows of "test" are named; with "repeat": n, with the
milliseconds of a fit and of naming one row.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.preprocessing import normalize  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

rows = np.fromfile(sys.argv[1], np.float32).reshape(-1, int(sys.argv[2]))
print(json.dumps({"sklearn": sklearn.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    labels = np.array(request["labels"])
    train, test = request["train"], request["test"]
    x = normalize(rows) if request.get("normalise") else rows
    began = time.perf_counter()
    model = LinearSVC(random_state=0).fit(x[train], labels[train])
    fit_ms = (time.perf_counter() - began) * 1000
    answer = {"named": model.predict(x[test]).tolist(), "fitMs": fit_ms}
    repeat = request.get("repeat", 0)
    if repeat:
        one = x[test[:1]]
        began = time.perf_counter()
        for _ in range(repeat):
            model.predict(one)
        answer["predictUs"] = (time.perf_counter() - began) * 1e6 / repeat
    print(json.dumps(answer), flush=True)
