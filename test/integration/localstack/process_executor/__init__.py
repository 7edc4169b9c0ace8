"""Runs the functions of LocalStack's Lambda as processes of this machine: no Docker is needed.

    plugin       what LocalStack finds and loads
    executor     one execution environment: start, invoke, stop, as LocalStack asks for it
    sandbox      one process of the function, with its Runtime API and its log
    runtime_api  the Lambda Runtime API, as one process sees it

It is not installed: the folder above is on LocalStack's PYTHONPATH, and the dist-info there has the
entry point.
"""
