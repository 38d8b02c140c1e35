#!/usr/bin/env python3
"""Ranks on several hosts give the bytes that one host gives; when a link is cut, all end and the checkpoint is intact.

    cut_link.py <scratch folder> <program `failing`>

The hosts are network namespaces, which only root may make: where it may not, this says so and tests nothing.
"""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import hosts as simulated

scratch, program = os.path.abspath(sys.argv[1]), sys.argv[2]
LIMIT = 120    # seconds, on a machine that does other work


def expect(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def read(name):
    with open(os.path.join(scratch, name), "rb") as file:
        return file.read()


def alone(checkpoint, result):
    subprocess.run([program, "train", checkpoint, result], cwd=scratch, check=True)


def launch(hosts, checkpoint, result):
    """Three ranks that wait 3 s for each other."""
    return hosts.mpirun(["--wdir", scratch, "-n", "3", program, "train", checkpoint, result, "impatient"],
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def finish(hosts, job):
    """The code with which all have ended, on all hosts, and what they said."""
    try:
        said, _ = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        sys.exit(f"mpirun did not end within {LIMIT} s")
    end = time.monotonic() + LIMIT
    while hosts.processes():
        expect(time.monotonic() < end, f"nothing runs on a host {LIMIT} s after mpirun has ended")
        time.sleep(0.1)
    return job.returncode, said


def cut(host):
    with simulated.Hosts(3) as hosts:
        job = launch(hosts, "cut.h5", "cut")
        while not os.path.exists(os.path.join(scratch, "cut.h5")) and job.poll() is None:
            time.sleep(0.001)
        hosts.cut(host)
        code, said = finish(hosts, job)
    expect(code != 0 and ("waited 3 s for the other ranks" in said or "lost communication" in said),
           f"all end with a code and a sentence when the link of host {host} is cut: {code} {said}")
    alone("cut.h5", "resumed")
    expect(read("resumed") == read("whole"), f"the run that was cut at host {host} goes on to the same bytes")
    os.remove(os.path.join(scratch, "cut.h5"))


shutil.rmtree(scratch, ignore_errors=True)
os.makedirs(scratch)
alone("whole.h5", "whole")
try:
    with simulated.Hosts(3) as three:
        status, words = finish(three, launch(three, "hosts.h5", "hosts"))
except simulated.NotAllowed as reason:
    print(f"skipped: network namespaces are not allowed here ({reason})")
    sys.exit(0)
expect(status == 0, f"a run on three hosts ends well: {status} {words}")
expect(read("hosts") == read("whole"), "three hosts give the bytes of one process")
cut(host=2)
cut(host=0)    # with mpirun and the rank that writes
