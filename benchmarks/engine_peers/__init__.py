"""The workloads of ``bench_engine.py``, written as each library's users write them."""
