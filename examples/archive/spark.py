"""Segments of an archive by Spark: `python spark.py SOURCE OUTPUT [WORKERS]`."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.pandas.types import from_arrow_schema

import earmark.batch

source, output, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2
spark = (
    # A task whose worker dies is tried four times.
    SparkSession.builder.master(f"local[{workers},4]")
    .config("spark.ui.enabled", "false")
    # Recordings in a block, and bytes in one.
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "4")
    .config("spark.sql.files.maxPartitionBytes", str(16 << 20))
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
recordings = spark.read.format("binaryFile").load(source).select("path", col("content").alias("bytes"))
rows = recordings.mapInArrow(earmark.batch.map_in_arrow, from_arrow_schema(earmark.batch.schema()))
rows.write.mode("append").parquet(output)
