#!/usr/bin/env python3
"""Ranks that throw, hang or are killed: all end, with a code and a sentence, and the checkpoint is intact.

    failing.py <moments> <scratch folder> <program `failing`> <mpirun> [<its options> ...]

A rank is killed at `moments` random moments; the run that is resumed each time must end in the bytes of one undisturbed.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import time

moments, scratch, program, mpirun = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
LIMIT = 120    # seconds, on a machine that does other work


def launch(ranks, *arguments):
    return subprocess.Popen([*mpirun, "-n", str(ranks), program, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, cwd=scratch)


def finish(job):
    """The code with which all have ended, and what they said."""
    try:
        said, _ = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        job.kill()
        sys.exit(f"not all ranks ended within {LIMIT} s")
    return job.returncode, said


def expect(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def ranks_of(job):
    """The processes that mpirun has started."""
    try:
        with open(f"/proc/{job.pid}/task/{job.pid}/children", encoding="ascii") as file:
            return [int(each) for each in file.read().split()]
    except FileNotFoundError:
        return []


def read(name):
    with open(os.path.join(scratch, name), "rb") as file:
        return file.read()


shutil.rmtree(scratch, ignore_errors=True)
os.makedirs(scratch)

code, said = finish(launch(2, "throws"))
expect(code != 0 and "rank 1 of 2: on purpose" in said, f"an exception ends all ranks with its message: {code} {said}")
code, said = finish(launch(3, "hangs"))
expect(code != 0 and "waited 2 s for the other ranks" in said, f"a rank that hangs is noticed: {code} {said}")

begin = time.monotonic()
code, said = finish(launch(3, "train", "whole.h5", "whole"))
duration = time.monotonic() - begin
expect(code == 0, f"a run that nobody disturbs ends well: {code} {said}")

dice, killed = random.Random(11), 0
for moment in range(moments):
    if os.path.exists(os.path.join(scratch, "killed.h5")):
        os.remove(os.path.join(scratch, "killed.h5"))
    job = launch(3, "train", "killed.h5", "killed")
    time.sleep(dice.uniform(0.2, 1.0) * duration)
    victims = ranks_of(job)
    if victims:
        os.kill(dice.choice(victims), signal.SIGKILL)
    code, said = finish(job)
    killed += code != 0
    code, said = finish(launch(dice.choice([1, 2, 4]), "train", "killed.h5", "resumed"))
    expect(code == 0, f"the checkpoint loads after kill {moment}: {code} {said}")
    expect(read("resumed") == read("whole"), f"the run resumed after kill {moment} ends in the same bytes")
expect(killed > 0, "a run was killed before its end")
print(f"killed {killed} of {moments} runs before their end")
