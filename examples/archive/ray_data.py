"""Segments of an archive by Ray Data: `python ray_data.py SOURCE OUTPUT [WORKERS]`, folders or s3:// addresses."""

import sys

import ray

import earmark.batch

source, output, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2
ray.init(num_cpus=workers + 1, log_to_driver=False)
context = ray.data.DataContext.get_current()
context.enable_progress_bars = False
# A worker that dies is started again and its block heard again; none may fail for good.
context.max_errored_blocks = 0
ray.data.read_binary_files(source, include_paths=True).map_batches(
    earmark.batch.Tagger, batch_format="pyarrow", batch_size=4, compute=ray.data.ActorPoolStrategy(size=workers)
).write_parquet(output)
