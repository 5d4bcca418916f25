"""The engine against TensorFlow itself: the same functions built and run under both.

Outside of the test suite, for it takes TensorFlow, and by hand:

    pip install trainboard[tf-oracle]
    python -m tests_oracle                    # the table of agreement, and every difference
    python -m tests_oracle --only rows        # one family; --match 'softmax' for some of its cases

What differs on purpose is told with its reason in `tests_oracle.explained`; any other difference
makes the exit status 1.
"""
