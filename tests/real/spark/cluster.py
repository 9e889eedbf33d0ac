"""Detects in a cluster, twice: undisturbed, and while one of its workers is killed. Prints what is left as JSON."""

import hashlib
import os
import signal
import threading
import time

from session import asked, pictures_in, session, tell

from ocellus_spark import detect

spark = session(asked["master"], **{"spark.executor.memory": "512m", "spark.task.maxFailures": "4"})
context = spark.sparkContext
executors = context._jsc.sc()


def executor_count():
    # The driver is one of them.
    return executors.getExecutorMemoryStatus().size() - 1


def job(name):
    """What the pictures' table is, by name of the job group."""
    context.setJobGroup(name, name)
    found = detect(pictures_in(spark, asked["folder"]).repartition(asked["tasks"])).toArrow()
    found = found.sort_by("path").combine_chunks()
    digest = hashlib.sha256()
    for batch in found.to_batches():
        digest.update(batch.serialize())
    return {"rows": found.num_rows, "sha256": digest.hexdigest()}


def stages(name):
    tracker = context.statusTracker()
    for number in tracker.getJobIdsForGroup(name):
        for stage in tracker.getJobInfo(number).stageIds:
            info = tracker.getStageInfo(stage)
            # That of the detector, not that which lists files.
            if info is not None and info.numTasks == asked["tasks"]:
                yield info


def kill_one():
    while not any(0 < info.numCompletedTasks < info.numTasks for info in stages("killed")):
        time.sleep(0.02)
    os.killpg(asked["victim"], signal.SIGKILL)


while executor_count() < 2:
    time.sleep(0.1)
undisturbed = job("undisturbed")
killer = threading.Thread(target=kill_one)
killer.start()
killed = job("killed")
killer.join()
tell(
    undisturbed=undisturbed,
    killed=killed,
    failed=[sum(info.numFailedTasks for info in stages(name)) for name in ("undisturbed", "killed")],
    executors=executor_count(),
)
