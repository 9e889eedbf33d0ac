"""Embeddings of pictures joined with a table of labels, as Parquet, in local[2]."""

import os

from session import asked, pictures_in, session, tell

from ocellus_spark import embed
from pyspark.sql.functions import element_at, split

spark = session("local[2]")
pictures = pictures_in(spark, asked["folder"])
labels = spark.createDataFrame(list(asked["labels"].items()), "name string, label string")
embedded = embed(pictures).withColumn("name", element_at(split("path", "/"), -1))
# In parts that have nothing to do with the order of the pictures.
embedded.join(labels, "name").repartition(3).write.parquet(os.path.join(asked["scratch"], "lessons"))
tell(rows=spark.read.parquet(os.path.join(asked["scratch"], "lessons")).count())
