"""Several processes of this machine share the rows of a split.

Each process starts afresh (``spawn``): one forked from ours would inherit the locks of our threads, tokenizers that no
longer work on all cores, and GPUs that it may not use. It has a pipe of its own, and nothing is shared, so that it can
die or be stopped at any time: ``ProcessPoolExecutor`` waits forever for the rest of an answer that was cut off.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue

import pyarrow as pa

from lamp_dataset.formats.texts import short
from lamp_dataset.personalize.personalizer import Personalizer

#: Variables that limit the threads of torch and of tokenizers; by default, each process would take all cores.
THREADS = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")


def ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The tables; a thread makes the next one while this one is written, since pyarrow does not hold Python's lock."""
    with ThreadPoolExecutor(1, "lamp-tables") as thread:
        waiting = thread.submit(next, tables, None)
        while (table := waiting.result()) is not None:
            waiting = thread.submit(next, tables, None)
            yield table


@contextmanager
def shared(parts: Iterable[pa.Table], personalizer: Personalizer, workers: int) -> Iterator[Iterator[pa.Table]]:
    """The results of a personalizer for each part, in order; no process starts before the first one is asked for.

    All processes end with the block, at once. They also end if this process is killed.

    Args:
        parts: rows; a few are read ahead.
        personalizer: what each process loads.
        workers: number of processes.

    Raises:
        ValueError: the personalizer does not pickle, as a retriever of the user's own may not.
        ChildProcessError: a process died, perhaps because it ran out of memory.
    """
    try:
        pickled = pickle.dumps(personalizer)
    except Exception as error:  # other people's classes can raise anything
        what = f"the retriever {short(personalizer.ranker)} cannot be sent to other processes"
        raise ValueError(f"{what}: {error}; give its class a __getstate__, or use one process") from error
    with ThreadPoolExecutor(workers) as threads, ExitStack() as processes:
        yield _in_order(parts, pickled, workers, threads, processes)


def _in_order(
    parts: Iterable[pa.Table], pickled: bytes, workers: int, threads: ThreadPoolExecutor, processes: ExitStack
) -> Iterator[pa.Table]:
    idle: SimpleQueue[Connection] = SimpleQueue()
    waiting: deque[Future[pa.Table]] = deque()
    for _ in range(workers):
        idle.put(processes.enter_context(_process(pickled, workers)))
    for part in parts:
        waiting.append(threads.submit(_ask, idle, part))
        if len(waiting) > 2 * workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _process(pickled: bytes, workers: int) -> Iterator[Connection]:
    """Our end of the pipe to a new process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer_all, args=(theirs, pickled, workers), daemon=True)
    # Ctrl-C reaches every process of a terminal, and SIGTERM all of a batch job. A process that starts while both are
    # blocked never gets them; ours does afterwards, and ends the others.
    resource_tracker.ensure_running()  # the first process would start it, and that lets signals in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def _ask(idle: SimpleQueue[Connection], part: pa.Table) -> pa.Table:
    """The result of a part, from the first idle process."""
    pipe = idle.get()
    try:
        pipe.send(part.take(pa.array(range(len(part)))))  # a copy: pickle would send all that a slice was cut from
        result = pipe.recv()
    except (EOFError, OSError) as error:
        raise ChildProcessError(
            "a process died before its rows were done. Did it run out of memory? Each loads its own model: try fewer"
        ) from error
    finally:
        idle.put(pipe)
    if isinstance(result, pa.Table):
        return result
    error, trace = result
    raise error from RuntimeError(f"in another process:\n{trace}")


def _answer_all(pipe: Connection, pickled: bytes, workers: int) -> None:
    """The whole life of a process."""
    for name in THREADS:  # before anything is loaded that reads them
        os.environ.setdefault(name, str(max(1, (os.cpu_count() or 1) // workers)))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    personalizer = None
    with suppress(EOFError, ConnectionError):  # the other end is gone
        while True:
            part = pipe.recv()
            try:
                personalizer = personalizer or pickle.loads(pickled)
                answer = personalizer(part)
            except Exception as error:
                answer = _portable(error), traceback.format_exc()
            pipe.send(answer)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _portable(error: Exception) -> Exception:
    """The error, or if it would be lost on the way to another process, a ValueError that says the same."""
    with suppress(Exception):
        pickle.loads(pickle.dumps(error))
        return error
    return ValueError(f"{type(error).__name__}: {error}")
