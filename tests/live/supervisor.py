# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd does for fopsd's next life: keeps the descriptors that it is given (FDSTORE=1), and hands them to whoever is
started next (LISTEN_FDS)."""

import os
import socket
import subprocess
import time

import live


class Supervised:
    """A fopsd that is started again whenever it was killed."""

    def __init__(self, ground, *args, **environment):
        self.ground = ground
        self.args = args
        self.environment = environment
        self.store = []  # (name, descriptor), in the order in which they came
        self.notify_path = os.path.join(ground.private, f"notify-{time.monotonic_ns()}")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.notify_path)
        self.err = open(os.path.join(ground.private, f"err-{time.monotonic_ns()}"), "w+b")
        self.out = open(os.path.join(ground.private, f"out-{time.monotonic_ns()}"), "w+b")
        self.ready = False
        self.fed = 0  # times that the watchdog was
        self.starts = 0
        self.process = None
        ground.running.append(self)
        self.start()
        self.wait_ready()

    def start(self):
        self.ready = False
        self.starts += 1
        numbers = [fd for _, fd in self.store]

        def arrange():
            live.die_with_parent()
            # To 3, 4, …, by way of numbers that are none of these.
            moved = [os.dup2(fd, 100 + i) for i, fd in enumerate(numbers)]
            for i, fd in enumerate(moved):
                os.dup2(fd, 3 + i, inheritable=True)
                os.close(fd)

        environment = dict(os.environ, NOTIFY_SOCKET=self.notify_path, **self.environment)
        if numbers:
            environment |= {"LISTEN_FDS": str(len(numbers)), "LISTEN_FDNAMES": ":".join(name for name, _ in self.store)}
        self.process = subprocess.Popen(["sh", "-c", 'export LISTEN_PID=$$; exec "$0" "$@"', live.FOPSD, *self.args],
                                        stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, env=environment,
                                        preexec_fn=arrange, close_fds=False)

    def hear(self, seconds):
        """Takes in what fopsd says, for so long or until it says something."""
        self.notify.settimeout(seconds)
        try:
            data, fds, _, _ = socket.recv_fds(self.notify, 65536, 16)
        except (socket.timeout, BlockingIOError):
            return False
        said = dict(line.split("=", 1) for line in data.decode().split("\n") if "=" in line)
        if "FDSTOREREMOVE" in said:
            for name, fd in self.store:
                if name == said["FDNAME"]:
                    os.close(fd)
            self.store = [(name, fd) for name, fd in self.store if name != said["FDNAME"]]
        elif "FDSTORE" in said:
            self.store += [(said["FDNAME"], fd) for fd in fds]
            for fd in fds:
                os.set_inheritable(fd, False)
        else:
            # Of BARRIER=1: that it is closed is the answer.
            for fd in fds:
                os.close(fd)
        if "READY" in said:
            self.ready = True
        self.fed += "WATCHDOG" in said
        return True

    def wait_ready(self):
        deadline = time.monotonic() + live.READY_SECONDS
        while not self.ready:
            self.hear(0.1)
            live.check(self.process.poll() is None, f"fopsd ended with {self.process.returncode}: {self.stderr()}")
            live.check(time.monotonic() < deadline, f"fopsd isn't ready: {self.stderr()}")

    def crash(self):
        """SIGKILL, and the next life."""
        self.process.kill()
        self.process.wait()
        while self.hear(0):
            pass
        self.start()

    def idle(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.hear(left)

    def stderr(self):
        self.err.seek(0)
        return self.err.read().decode(errors="replace")

    def stop(self):
        self.process.terminate()
        end = time.monotonic() + live.STOP_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            self.hear(0.02)
        code = self.process.wait(1)
        self.close()
        live.equal(code, 0, f"exit code of fopsd after TERM ({self.stderr()})")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close()

    def close(self):
        for _, fd in self.store:
            os.close(fd)
        self.store = []
        self.notify.close()
