#!/usr/bin/env python3
"""Ranks that throw, hang, leave or are killed: all end, with a code and a sentence, and the checkpoint is intact.

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

moments, scratch, program, mpirun = int(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3], sys.argv[4:]
LIMIT = 120    # seconds, on a machine that does other work
LAST_WISH = 30    # seconds that ranks may outlive mpirun, which leaves them some to end by themselves


def launch(ranks, *arguments):
    return subprocess.Popen([*mpirun, "-n", str(ranks), program, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", cwd=scratch)


def finish(job):
    """The code with which all have ended, and what they said."""
    try:
        said, _ = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        job.kill()
        sys.exit(f"mpirun did not end within {LIMIT} s")
    end = time.monotonic() + LAST_WISH
    while living():
        if time.monotonic() > end:
            sys.exit(f"ranks have outlived mpirun by {LAST_WISH} s: {living()}")
        time.sleep(0.05)
    return job.returncode, said


def living():
    """Processes of the program that run in the scratch folder."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{process}/cwd") == scratch and os.path.samefile(f"/proc/{process}/exe", program):
                found.append(process)
        except OSError:
            pass    # it has ended, or is another user's
    return found


def expect(holds, what):
    if not holds:
        sys.exit("not so: " + what)


def ranks_of(job):
    """The processes that mpirun has started, in the order of their ranks."""
    try:
        with open(f"/proc/{job.pid}/task/{job.pid}/children", encoding="ascii") as file:
            return [int(each) for each in file.read().split()]
    except FileNotFoundError:
        return []


def wait_for_ranks(job):
    while len(ranks_of(job)) < 3 and job.poll() is None:
        time.sleep(0.001)


def read(name):
    with open(os.path.join(scratch, name), "rb") as file:
        return file.read()


def resumes_to_the_same_bytes(checkpoint, ranks, after):
    code, said = finish(launch(ranks, "train", checkpoint, "resumed"))
    expect(code == 0, f"the checkpoint loads after {after}: {code} {said}")
    expect(read("resumed") == read("whole"), f"the run resumed after {after} ends in the same bytes")


shutil.rmtree(scratch, ignore_errors=True)
os.makedirs(scratch)

for what, sentence in {
        "throws": "rank 2 of 3: on purpose",
        "throws a number": "rank 2 of 3: an exception that is not a std::exception",
        "hangs": "of 3: [World] waited 3 s for the other ranks (gradients)",
        "stops": "of 3: [World] waited 3 s for the other ranks (gradients)",
        "returns": "of 3: [World] waited 3 s for the other ranks (barrier)",
        "exits": "process rank 2",    # what mpirun says
        "is gone": "process rank 2",
        "crashes": "process rank 2",
}.items():
    code, said = finish(launch(3, what))
    expect(code != 0 and sentence in said, f"all end with a code and a sentence when a rank {what}: {code} {said}")

job = launch(3, "train", "whole.h5", "whole")
wait_for_ranks(job)
begin = time.monotonic()
while ranks_of(job):
    time.sleep(0.01)
duration = time.monotonic() - begin    # of the ranks; mpirun itself takes a while to begin and to end
code, said = finish(job)
expect(code == 0, f"a run that nobody disturbs ends well: {code} {said}")

os.mkdir(os.path.join(scratch, "folder"))
checkpoint = os.path.join("folder", "checkpoint.h5")
code, said = finish(launch(2, "fills", checkpoint))
expect(code != 0 and "rank 0 of 2: " in said and "File too large" in said,
       f"all end with the message of rank 0, whose disk is full: {code} {said}")
code, said = finish(launch(3, "writes", checkpoint))
expect(code != 0 and "process rank 0" in said, f"all end when rank 0 is killed in writing: {code} {said}")
expect(len(os.listdir(os.path.join(scratch, "folder"))) == 2, "the checkpoint was being written")
resumes_to_the_same_bytes(checkpoint, 2, "a full disk and a kill in writing")
expect(os.listdir(os.path.join(scratch, "folder")) == ["checkpoint.h5"], "what the dead left is taken away")

def kill_the_victim():
    """The number of the process that works on trial 5."""
    file = os.path.join(scratch, "victim")
    end = time.monotonic() + LIMIT
    while not (os.path.exists(file) and read("victim").endswith(b"\n")):
        expect(time.monotonic() < end, "a process takes up trial 5")
        time.sleep(0.01)
    os.kill(int(read("victim")), signal.SIGKILL)


# Processes that share a search: the others run the trial of one that is killed.
alone = [subprocess.Popen([program, "searches", "shared.jsonl", f"shared{each}_"], cwd=scratch) for each in range(3)]
kill_the_victim()
codes = sorted(job.wait(LIMIT) for job in alone)
expect(codes == [-signal.SIGKILL, 0, 0], f"two of three processes end well: {codes}")
results = [read(name) for name in os.listdir(scratch) if name.startswith("shared") and name.endswith("_0")]
expect(len(results) == 2 and results[0] == results[1] and len(results[0].splitlines()) == 20,
       "both know the results of all 20 trials")
# Ranks of mpirun all end when one is killed; the search that is started again has the same results.
os.remove(os.path.join(scratch, "victim"))
job = launch(3, "searches", "ranks.jsonl", "first")
kill_the_victim()
code, said = finish(job)
expect(code != 0, "mpirun ends a search of which a rank is killed")
code, said = finish(launch(2, "searches", "ranks.jsonl", "again"))
expect(code == 0 and read("again0") == read("again1") == results[0], f"a search goes on where it was: {code} {said}")

dice, killed, of_root = random.Random(11), 0, 0
for moment in range(moments):
    if os.path.exists(os.path.join(scratch, "killed.h5")):
        os.remove(os.path.join(scratch, "killed.h5"))
    job = launch(3, "train", "killed.h5", "killed")
    wait_for_ranks(job)
    time.sleep(dice.uniform(0.0, 1.0) * duration)
    victims = ranks_of(job)
    if victims:
        # Every other time rank 0, which writes the checkpoint; otherwise any.
        victim = min(victims) if moment % 2 == 0 else dice.choice(victims)
        os.kill(victim, signal.SIGKILL)
    code, said = finish(job)
    killed += code != 0
    of_root += code != 0 and moment % 2 == 0
    expect(code == 0 or "rank" in said, f"a run that is killed says of which rank: {code} {said}")
    resumes_to_the_same_bytes("killed.h5", dice.choice([1, 2, 4]), f"kill {moment}")
expect(killed > 0, "a run was killed before its end")
print(f"killed {killed} of {moments} runs before their end, {of_root} by rank 0")
