"""The functions of ocellus-spark in local[2]: prints what they answer as JSON."""

import threading

from session import Noted, asked, pictures_in, rows_of, session, tell

from ocellus_spark import classify, detect, embed, missing
from pyspark.sql.functions import broadcast, col, lit, size, struct
from pyspark.sql.functions import split as split_column

spark = session("local[2]")
pictures = pictures_in(spark, asked["folder"])


def failure(frame):
    try:
        frame.collect()
    except Exception as error:
        return str(error)
    return None


def written():
    """As Parquet, read back."""
    detect(pictures).write.parquet(asked["scratch"] + "/found")
    return spark.read.parquet(asked["scratch"] + "/found")


def without_errors(frame):
    """An error says of a file that was read here its place."""
    return [{**row, "error": row["error"] is not None} for row in rows_of(frame)]


def kept():
    """Columns by other names, with others beside them: a folder's, and one that a struct has."""
    renamed = pictures.select(col("path").alias("uri"), struct(col("content").alias("bytes")).alias("file"), lit(1).alias("a.b"))
    named = renamed.withColumn("name", split_column(col("uri"), "/")[size(split_column(col("uri"), "/")) - 1])
    found = detect(named, path="uri", content="file.bytes", keep=["name", "`a.b`"])
    return {"columns": found.columns, "names": sorted(row.name == row.path.rsplit("/", 1)[1] for row in found.collect())}


def refused():
    cases = [{"path": "uri"}, {"content": "image"}, {"path": "length"}, {"keep": "length"}, {"keep": ["Path"]}, {"keep": ["label"]}]
    told = []
    for options in cases:
        try:
            detect(pictures, **options)
            told.append(None)
        except ValueError as error:
            told.append(str(error))
    return told


def streamed():
    """What comes into a folder, as it comes."""
    stream = spark.readStream.format("binaryFile").schema(pictures.schema).load(asked["folder"] + "/deeper")
    out = asked["scratch"] + "/streamed"
    query = detect(stream, keep=["length"]).writeStream.format("parquet").option("checkpointLocation", out + "-state")
    query.trigger(availableNow=True).start(out).awaitTermination(120)
    return spark.read.parquet(out).count()


def many():
    return spark.range(0, 1_000_000, 1, 2).crossJoin(broadcast(pictures.limit(1)))


def cancelled():
    noted = Noted("cancelled")
    job = threading.Thread(target=failure, args=(detect(many(), command=noted.command),))
    job.start()
    noted.until_started(2)
    spark.sparkContext.cancelAllJobs()
    job.join()
    return noted.until_gone()


def spread():
    """Over more partitions than there are pictures: how many workers have started."""
    noted = Noted("spread")
    count = detect(pictures.repartition(12), command=noted.command).count()
    return [count == len(found), noted.until_gone() <= count]


def limited():
    noted = Noted("limited")
    rows = detect(many(), command=noted.command).limit(1).collect()
    noted.until_gone()
    return len(rows)


found = rows_of(detect(pictures))
read = written()
tell(
    found=found,
    read_back={"rows": rows_of(read) == found, "schema": read.schema.simpleString()},
    missing=rows_of(missing(detect(pictures), asked["folder"])),
    by_paths=without_errors(detect(pictures.select("path"))) == without_errors(detect(pictures)),
    kept=kept(),
    refused=refused(),
    streamed=streamed(),
    embedded=rows_of(embed(pictures)),
    classified=rows_of(classify(pictures, top=2)),
    no_model=failure(detect(pictures, model="no-such-model")),
    no_command=failure(detect(pictures, command="no-such-program")),
    killed=failure(detect(pictures, command=["sh", "-c", "echo last words >&2; kill -9 $$", "sh"])),
    cancelled=cancelled(),
    limited=limited(),
    spread=spread(),
)
