"""The process that a visit is made in: one visit and no more, asked for and answered in lines of JSON.

Run as a module it either makes one visit (`visit FD`) or imports everything once and forks a process for each visit
(`fork FD`); FD is a socket that the caller holds the other end of. It never outlives that caller.
"""

import gc
import json
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.registry import meter, meters
from paretoformer.records.errors import Unavailable
from paretoformer.records.target import parse_target
from paretoformer.runtimes.base import NotConvertible
from paretoformer.runtimes.registry import runtime_names
from paretoformer.search_spaces.registry import FOLDERS, choices


def serve(channel: socket.socket) -> None:
    """Read what to measure, prepare, say so, wait for the word, measure, send the visit or the error."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(channel, lines), daemon=True).start()
    request = json.loads(lines.get())
    try:
        kind = meter(request["method"])
        visit = kind.from_json(request["settings"]).prepare(
            Subject.from_json(request["subject"]), parse_target(request["target"])
        )
        gc.collect()
        gc.disable()
        _send(channel, {"ready": True})
        lines.get()
        _send(channel, {"visit": visit().to_json()})
    except Exception as error:
        _send(channel, {"error": _described(error)})
    lines.get()


def fork_on_request(control: socket.socket) -> None:
    """Load everything, then fork for each message of `control`, which brings the visit's channel and a pipe for its end."""
    for kind in FOLDERS:
        choices(kind)
    meters()
    runtime_names()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        except ConnectionError:
            return
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _mind(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _mind(channel: int, end: int) -> None:
    """Fork the visit, write its process id and later its exit status to `end`, exit."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(end)
        try:
            serve(socket.socket(fileno=channel))
        finally:
            os._exit(1)
    os.close(channel)
    os.write(end, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):  # nobody wants to know any more
        os.write(end, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _read(channel: socket.socket, lines: "queue.SimpleQueue[str]") -> None:
    """Pass lines on; however the channel ends, nobody wants the visit any more.

    A caller that dies before it has read our answer ends it with an error instead of an end of file.
    """
    try:
        with channel.makefile() as given:
            for line in given:
                lines.put(line)
    finally:
        os._exit(0)


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    channel.sendall((json.dumps(message) + "\n").encode())


def _described(error: Exception) -> dict[str, Any]:
    memory = isinstance(error, MemoryError) or "memory" in str(error).lower() and "alloc" in str(error).lower()
    first_line = next(iter(str(error).splitlines()), "")
    said = first_line if isinstance(error, NotConvertible) else f"{type(error).__name__}: {first_line}"
    return {
        "reason": f"{'out of memory: ' if memory else ''}{said}",
        "unavailable": str(error) if isinstance(error, Unavailable) else None,
        "traceback": traceback.format_exc(),
    }


if __name__ == "__main__":
    {"visit": serve, "fork": fork_on_request}[sys.argv[1]](socket.socket(fileno=int(sys.argv[2])))
