"""Kills a process at a system call: before the n-th write, sync or rename, so that no instant is left to chance.

Linux on x86-64 alone; elsewhere `can_trace` is false, and kills come at random instants.
"""

import ctypes
import errno
import os
import platform
import signal
import sys
import threading

# What is done at a point, by system call: see asm/unistd_64.h.
READ, PWRITE, SYNCS, RENAME, WRITE, LOCK = 17, 18, (74, 75), 82, 1, 73
POINTS = {"write": (PWRITE,), "sync": SYNCS, "answer": (WRITE,), "recovery": (READ,),
          "compaction": (PWRITE, RENAME, *SYNCS), "takeover": (LOCK, READ, PWRITE, *SYNCS)}

can_trace = sys.platform == "linux" and platform.machine() == "x86_64"

_SEIZE, _INTERRUPT, _SYSCALL, _GETREGS = 0x4206, 0x4207, 24, 12
_SYSGOOD, _TRACE_CLONE, _EXITKILL = 1, 8, 1 << 20
_WALL, _WNOTHREAD = 0x40000000, 0x20000000


class _Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
        "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs")]


class KillAt(threading.Thread):
    """Lets a process run to the n-th system call of a point and kills it there, before the call or after it."""

    def __init__(self, process, point, count, is_after):
        super().__init__(daemon=True)
        self.process, self.calls, self.left, self.is_after = process, POINTS[point], count, is_after
        self.point = point
        # Whether the process was killed at the point, rather than having ended otherwise.
        self.has_killed = False
        self.error = None
        self.is_attached = threading.Event()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._libc.ptrace.restype = ctypes.c_long
        self.start()
        self.is_attached.wait()
        if self.error:
            raise self.error

    def _ptrace(self, request, thread, data=0):
        if self._libc.ptrace(request, thread, None, data) < 0:
            number = ctypes.get_errno()
            # A thread may end at any time, and one that is ending cannot be seized.
            if number not in (errno.ESRCH, errno.EPERM):
                raise OSError(number, os.strerror(number))

    def run(self):
        threads = []
        try:
            for name in os.listdir(f"/proc/{self.process.pid}/task"):
                threads.append(int(name))
                self._ptrace(_SEIZE, int(name), _SYSGOOD | _TRACE_CLONE | _EXITKILL)
                self._ptrace(_INTERRUPT, int(name))
        except OSError as error:
            self.error = error
            return
        finally:
            self.is_attached.set()
        within = set()
        while True:
            try:
                # Only what this thread traces.
                thread, status = os.waitpid(-1, _WALL | _WNOTHREAD)
            except ChildProcessError:
                return
            if thread == self.process.pid and (os.WIFEXITED(status) or os.WIFSIGNALED(status)):
                return
            if not os.WIFSTOPPED(status):
                continue
            stop, event = os.WSTOPSIG(status), status >> 16
            if stop == signal.SIGTRAP | 0x80:
                if self._is_at_point(thread, within):
                    self.has_killed = True
                    os.kill(self.process.pid, signal.SIGKILL)
                    continue
                self._ptrace(_SYSCALL, thread)
            else:
                # A new thread, the interrupt above, or a signal of its own, which it gets.
                self._ptrace(_SYSCALL, thread, 0 if event or stop in (signal.SIGTRAP, signal.SIGSTOP) else stop)

    def _is_at_point(self, thread, within):
        registers = _Registers()
        self._ptrace(_GETREGS, thread, ctypes.addressof(registers))
        is_entry = thread not in within
        (within.add if is_entry else within.discard)(thread)
        if registers.orig_rax not in self.calls or is_entry == self.is_after:
            return False
        # Single bytes wake threads; an answer is longer.
        if registers.orig_rax == WRITE and registers.rdx < 2:
            return False
        self.left -= 1
        return self.left <= 0
