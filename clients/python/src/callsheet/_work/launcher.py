"""The launcher: forks a process for each job, and kills its process group when it has to end.

It is forked before the agent starts threads, so that a fork copies no lock that a thread holds. It
pauses a process whose lease may have ended, and kills all of them when the agent is gone.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
from typing import Any, Callable, Dict, List, NoReturn, Optional

from .channel import Decoder, frame
from .clock import uptime

# Signals that are for the agent alone, which then says what to end.
OF_THE_AGENT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Function = Callable[[socket.socket, int], NoReturn]


class Process:
    """A process of a job, which leads a process group of its own."""

    def __init__(self, pid: int, until: float) -> None:
        self.pid = pid
        # `uptime` until which the lease is certainly valid.
        self.until = until
        self.paused = False
        self.kill_at: Optional[float] = None

    def signal(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS does not permit signals to a group of zombies.
            pass

    def next_event(self) -> float:
        times = [self.until] if not self.paused else []
        return min([*times, *([] if self.kill_at is None else [self.kill_at])], default=1e18)


class Launcher:
    def __init__(self, control: socket.socket, function: Function) -> None:
        self._control = control
        self._function = function
        self._processes: Dict[int, Process] = {}
        self._decoder = Decoder()
        self._descriptors: List[int] = []
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def run(self) -> NoReturn:
        for number in OF_THE_AGENT:
            signal.signal(number, signal.SIG_IGN)
        # A handler of Python is needed for the wake-up; the default one ignores the signal.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        # Objects that no collection touches stay shared with the processes.
        gc.freeze()
        try:
            while self._round():
                pass
        finally:
            for process in self._processes.values():
                process.signal(signal.SIGKILL)
            os._exit(0)

    def _round(self) -> bool:
        """Waits for the next event and handles it. Returns False when the agent is gone."""
        wait = min((one.next_event() for one in self._processes.values()), default=1e18) - uptime()
        for key, _ in self._selector.select(max(0.0, min(wait, 3600.0))):
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            elif not self._read_orders():
                return False
        self._reap()
        self._watch_times()
        return True

    def _read_orders(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 1 << 16, 16)
        self._descriptors += descriptors
        if not data:
            return False
        for order in self._decoder.feed(data):
            self._obey(order)
        return True

    def _obey(self, order: Dict[str, Any]) -> None:
        if order["do"] == "start":
            self._start(order)
            return
        process = self._processes.get(order["id"])
        if process is None:
            return
        if order["do"] == "extend":
            process.until = order["until"]
        elif order["do"] == "end":
            process.kill_at = min(process.kill_at or 1e18, uptime() + order["grace"])
            process.signal(signal.SIGTERM)
            # A paused one could not heed it.
            process.signal(signal.SIGCONT)
        elif order["do"] == "kill":
            process.signal(signal.SIGKILL)

    def _start(self, order: Dict[str, Any]) -> None:
        descriptor = self._descriptors.pop(0)
        try:
            pid = os.fork()
        except OSError as error:
            os.close(descriptor)
            self._report({"id": order["id"], "ended": None, "error": str(error)})
            return
        if pid == 0:
            self._become(descriptor, order["function"])
        os.close(descriptor)
        # Both sides set it, whichever comes first.
        set_group(pid)
        self._processes[order["id"]] = Process(pid, order["until"])
        self._report({"id": order["id"], "started": pid})

    def _become(self, descriptor: int, function: int) -> NoReturn:
        """Turns the forked copy of the launcher into the process of the job."""
        try:
            set_group(0)
            signal.set_wakeup_fd(-1)
            for number in (*OF_THE_AGENT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            for end in (self._control, self._woken, self._wake):
                end.close()
            gc.unfreeze()
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
            self._function(socket.socket(fileno=descriptor), function)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(70)

    def _reap(self) -> None:
        for identity, process in list(self._processes.items()):
            if hasattr(os, "waitid") and has_ended(process.pid):
                # What it started ends with it, and its id is not given again before the wait.
                process.signal(signal.SIGKILL)
            ended = wait(process.pid)
            if ended is None:
                continue
            if not hasattr(os, "waitid"):
                process.signal(signal.SIGKILL)
            del self._processes[identity]
            self._report({"id": identity, "ended": ended})

    def _watch_times(self) -> None:
        now = uptime()
        for identity, process in self._processes.items():
            if process.kill_at is not None and process.kill_at <= now:
                process.kill_at = None
                process.signal(signal.SIGKILL)
            if process.paused != (process.until <= now):
                process.paused = not process.paused
                process.signal(signal.SIGSTOP if process.paused else signal.SIGCONT)
                self._report({"id": identity, "paused": process.paused})

    def _report(self, message: Dict[str, Any]) -> None:
        try:
            self._control.sendall(frame(message))
        except OSError:
            # The next read finds the agent gone.
            pass


def set_group(pid: int) -> None:
    try:
        os.setpgid(pid, 0)
    except (PermissionError, ProcessLookupError):
        pass


def has_ended(pid: int) -> bool:
    """Returns whether the process has ended, and leaves it as a zombie."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def wait(pid: int) -> Optional[int]:
    """Returns the exit code, a signal as a negative number, or None if the process runs."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 70
    return os.waitstatus_to_exitcode(status) if found else None


def start(function: Function) -> socket.socket:
    """Forks the launcher, and returns the socket over which the agent orders."""
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork() == 0:
        try:
            ours.close()
            Launcher(theirs, function).run()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(70)
    theirs.close()
    return ours
