"""Runs decorated functions as a worker.

    python -m callsheet.worker module:function [module:function ...]
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import List, Optional

from ._work.decorator import Worker, run_workers, worker


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m callsheet.worker",
        description="Runs functions that are decorated with @worker until it is stopped.",
        epilog="The key is read from CALLSHEET_API_KEY.",
    )
    parser.add_argument("functions", nargs="+", metavar="module:function")
    parser.add_argument("--server", help="URL of the server; CALLSHEET_SERVER by default")
    parser.add_argument("--concurrency", type=int, help="jobs at the same time, for each function")
    parser.add_argument("--lease-seconds", type=int, default=60, help="60 by default")
    parser.add_argument("--grace", type=float, default=10.0,
                        help="seconds that an interrupted function has to end; 10 by default")
    parser.add_argument("--worker-id", help="name; made of host and process by default")
    options = parser.parse_args(arguments)
    try:
        workers = [find(name) for name in options.functions]
        for one in workers:
            one.concurrency = options.concurrency or one.concurrency
        return run_workers(
            *workers, server=options.server, lease_seconds=options.lease_seconds,
            grace=options.grace, worker_id=options.worker_id,
        )
    except (LookupError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error.args[0]}\n")


def find(name: str) -> Worker:
    """Imports the function. An error inside the module is its own, and shown as it is."""
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise LookupError(f"{name!r} names no function: write module:function")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise LookupError(
            f"there is no module {module_name}: run the command in the folder of {error.name}.py, "
            "or add it to PYTHONPATH"
        ) from None
    found = getattr(module, function_name, None)
    if found is None:
        raise LookupError(f"{module_name} has no {function_name}")
    if not isinstance(found, Worker):
        raise LookupError(f'{name} is no worker: decorate it with @worker("TYPE OF JOB")')
    return found


if __name__ == "__main__":
    sys.exit(main())

# `callsheet.worker` is the decorator, also after an import of this module.
sys.modules[__name__] = worker  # type: ignore[assignment]
