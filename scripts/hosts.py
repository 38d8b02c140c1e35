#!/usr/bin/env python3
"""Several hosts on one machine: network namespaces, whose links have a delay and a rate, and can be cut. Needs root.

    scripts/hosts.py [--hosts 2] [--delay MS] [--rate MBIT] -- [<option of mpirun> ...] <program> [<argument> ...]

runs mpirun over the hosts 10.77.0.1, 10.77.0.2, ... They share the file system and nothing else. `delay` is the time
that a packet takes from one host to another, `rate` what a host can send and receive.
"""
import argparse
import ctypes
import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time


class NotAllowed(Exception):
    """This machine does not let us make namespaces or network devices."""


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise NotAllowed(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def open_tap(namespace):
    """The other end of the namespace's eth0: what the host sends is read from it, and the reverse."""
    result = []

    def enter_and_open():    # in a thread of its own, which takes the namespace with it when it ends
        try:
            with open(f"/run/netns/{namespace}", encoding="ascii") as there:
                if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            ethernet_without_header = 0x0002 | 0x1000    # IFF_TAP | IFF_NO_PI
            fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", b"eth0", ethernet_without_header))    # TUNSETIFF
            result.append(tap)
        except OSError as error:
            result.append(error)

    thread = threading.Thread(target=enter_and_open)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise NotAllowed(f"/dev/net/tun: {result[0]}")
    return result[0]


class Switch(threading.Thread):
    """Carries packets between hosts: each waits for its host's link to be free, and is under way for a while."""

    def __init__(self, taps, delay, rate):
        super().__init__(daemon=True)
        self.taps, self.delay, self.seconds_of_byte = taps, delay, 8 / rate if rate else 0.0
        self.stop_here, self.stop_there = os.pipe()
        self.sending = [0.0] * len(taps)    # when the link of a host is free
        self.receiving = [0.0] * len(taps)
        self.under_way, self.number = [], 0

    def take(self, host, packet):
        now = time.monotonic()
        spent = len(packet) * self.seconds_of_byte
        self.sending[host] = max(self.sending[host], now) + spent
        to = packet[5] - 1 if packet[0] == 2 else None    # addresses are 02:00:00:00:00:<host + 1>
        for other in range(len(self.taps)):
            if other == host or to not in (None, other):
                continue
            # It arrives while it is sent, unless packets of others are in its way.
            self.receiving[other] = max(self.receiving[other] + spent, self.sending[host])
            self.number += 1
            heapq.heappush(self.under_way, (self.receiving[other] + self.delay, self.number, other, packet))

    def run(self):
        while True:
            wait = max(0.0, self.under_way[0][0] - time.monotonic()) if self.under_way else None
            ready, _, _ = select.select([*self.taps, self.stop_here], [], [], wait)
            if self.stop_here in ready:
                return
            for tap in ready:
                try:
                    while True:
                        self.take(self.taps.index(tap), os.read(tap, 70000))
                except BlockingIOError:
                    pass
                except OSError:
                    time.sleep(0.001)    # the link is cut
            while self.under_way and self.under_way[0][0] <= time.monotonic():
                _, _, to, packet = heapq.heappop(self.under_way)
                try:
                    os.write(self.taps[to], packet)
                except OSError:
                    pass    # the link is cut, or its queue is full: packets are lost


class Hosts:
    """with Hosts(4, delay=1e-3, rate=1e9) as hosts: hosts.mpirun([...]).communicate()"""

    def __init__(self, count, delay=0.0, rate=0.0):
        self.count, self.delay, self.rate = count, delay, rate
        self.name = f"xtape{os.getpid()}"
        self.taps, self.folder, self.switch = [], None, None

    def namespace(self, host):
        return f"{self.name}-{host}"

    def __enter__(self):
        try:
            for host in range(self.count):
                here = self.namespace(host)
                ip("netns", "add", here)
                self.taps.append(open_tap(here))
                ip("-n", here, "link", "set", "eth0", "address", f"02:00:00:00:00:{host + 1:02x}", "mtu", "9000", "up")
                ip("-n", here, "addr", "add", f"10.77.0.{host + 1}/24", "dev", "eth0")
                ip("-n", here, "link", "set", "lo", "up")
        except (NotAllowed, FileNotFoundError) as error:
            self.__exit__()
            raise error if isinstance(error, NotAllowed) else NotAllowed("there is no command 'ip'") from error
        self.switch = Switch(self.taps, self.delay, self.rate)
        self.switch.start()
        # What mpirun takes for ssh: a host has a name of its own, or its ranks would take each other for neighbours.
        self.folder = tempfile.TemporaryDirectory()
        self.agent = os.path.join(self.folder.name, "agent")
        with open(self.agent, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nhost=$((${1##*.} - 1))\nshift\n"
                       f'exec ip netns exec {self.name}-$host unshare --uts sh -c "hostname host$host; exec $*"\n')
        os.chmod(self.agent, 0o700)
        return self

    def __exit__(self, *_):
        for process in self.processes():    # also what has outlived its mpirun
            os.kill(process, 9)
        if self.switch:
            os.write(self.switch.stop_there, b"x")
            self.switch.join()
        for tap in self.taps:
            os.close(tap)
        for host in range(self.count):
            subprocess.run(["ip", "netns", "del", self.namespace(host)], stderr=subprocess.DEVNULL)
        if self.folder:
            self.folder.cleanup()

    def processes(self):
        """What runs on the hosts."""
        found = []
        for host in range(self.count):
            done = subprocess.run(["ip", "netns", "pids", self.namespace(host)], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
            found += [int(each) for each in done.stdout.split()]
        return found

    def mpirun(self, arguments, **options):
        """mpirun on the first host. Its daemons notice a cut link after 2 s."""
        hosts = ",".join(f"10.77.0.{host + 1}" for host in range(self.count))
        settings = {"plm_rsh_agent": self.agent, "btl": "tcp,self", "btl_tcp_if_include": "eth0",
                    "oob_tcp_if_include": "eth0", "oob_tcp_keepalive_time": "1", "oob_tcp_keepalive_intvl": "1",
                    "oob_tcp_keepalive_probes": "1"}
        mca = [word for name, value in settings.items() for word in ("--mca", name, value)]
        environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        return subprocess.Popen([self.agent, "10.77.0.1", "mpirun", *mca, "--host", hosts, "--oversubscribe",
                                 "--bind-to", "none", *arguments], env=environment, **options)

    def cut(self, host):
        ip("-n", self.namespace(host), "link", "set", "eth0", "down")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0.0, metavar="MS")
    parser.add_argument("--rate", type=float, default=0.0, metavar="MBIT")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        with Hosts(options.hosts, options.delay / 1e3, options.rate * 1e6) as hosts:
            sys.exit(hosts.mpirun(options.command).wait())
    except NotAllowed as error:
        sys.exit(f"hosts.py: {error}")


if __name__ == "__main__":
    main()
