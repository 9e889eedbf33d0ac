"""Scores trackers with TrackEval. The last line of the output is JSON: tracker -> sequence -> scores.

A folder as `layout` of tools/bench/track/sequences.ts makes it, the names of the trackers as JSON, and how many processes.
"""
import contextlib
import json
import os
import sys

import motmetrics
import trackeval

if sys.argv[1] == "--tud":
    # The public truth that py-motmetrics brings along for its tests.
    print(json.dumps(os.path.join(os.path.dirname(motmetrics.__file__), "data")))
    sys.exit()

folder, trackers, processes = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
sequences = {name: None for name in sorted(os.listdir(os.path.join(folder, "gt")))}

with contextlib.redirect_stdout(sys.stderr):
    dataset = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": os.path.join(folder, "gt"),
            "TRACKERS_FOLDER": os.path.join(folder, "trackers"),
            "TRACKERS_TO_EVAL": trackers,
            "SEQ_INFO": sequences,
            "SKIP_SPLIT_FOL": True,
            "PRINT_CONFIG": False,
        }
    )
    evaluator = trackeval.Evaluator(
        {
            "USE_PARALLEL": processes > 1,
            "NUM_PARALLEL_CORES": processes,
            "LOG_ON_ERROR": None,
            "PRINT_RESULTS": False,
            "PRINT_CONFIG": False,
            "TIME_PROGRESS": False,
            "OUTPUT_SUMMARY": False,
            "OUTPUT_DETAILED": False,
            "PLOT_CURVES": False,
        }
    )
    quiet = {"PRINT_CONFIG": False}
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(quiet), trackeval.metrics.Identity(quiet)]
    results, _ = evaluator.evaluate([dataset], metrics)


def scores(result):
    hota, clear, identity = (result["pedestrian"][name] for name in ("HOTA", "CLEAR", "Identity"))
    return {
        "hota": 100 * float(hota["HOTA"].mean()),
        "deta": 100 * float(hota["DetA"].mean()),
        "assa": 100 * float(hota["AssA"].mean()),
        "mota": 100 * float(clear["MOTA"]),
        "idf1": 100 * float(identity["IDF1"]),
        "switches": int(clear["IDSW"]),
        "falsePositives": int(clear["CLR_FP"]),
        "falseNegatives": int(clear["CLR_FN"]),
        "fragments": int(clear["Frag"]),
    }


print(
    json.dumps(
        {
            tracker: {name: scores(one) for name, one in found.items() if name != "COMBINED_SEQ"}
            for tracker, found in results["MotChallenge2DBox"].items()
        }
    )
)
