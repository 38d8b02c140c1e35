#!/usr/bin/env python3
"""A model of what it costs to sum gradients over many ranks (docs/many-processes.md has its formulas).

    scripts/model_ranks.py                         the table for 8, 64 and 512 ranks
    scripts/model_ranks.py --measure [DELAY RATE]  the model against measurements, over links of DELAY ms and RATE Mbit/s
                                                   between 2, 4 and 8 hosts that are network namespaces (as root)
"""
import argparse
import dataclasses
import math
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hosts as simulated

EAGER = 65536    # bytes: Open MPI asks the receiver first whether it may send a longer message, over TCP


@dataclasses.dataclass
class Network:
    latency: float     # seconds that a short message takes
    overhead: float    # seconds of a processor for each message
    rate: float        # bytes a second of a host's link, in each direction

    def begin(self, size):
        """Seconds before the first of `size` bytes is there."""
        return self.latency if size < EAGER else 3 * self.latency

    def message(self, size):
        return self.begin(size) + self.overhead + size / self.rate


# Seconds to sum `size` bytes over `ranks`; addition, at 10 GB/s, is left out.
def direct(net, ranks, size):
    return buckets(net, ranks, size, size)


def ring(net, ranks, size):
    return 2 * (ranks - 1) * net.message(size / ranks)


def tree(net, ranks, size):
    return 2 * math.ceil(math.log2(ranks)) * net.message(size)


def buckets(net, ranks, size, bucket):
    """Of direct sums that are under way together: their latencies overlap, the link and the processor are shared."""
    count = math.ceil(size / bucket)
    each = 2 * (ranks - 1) * max(net.overhead, bucket / ranks / net.rate)
    return 2 * net.begin(bucket / ranks) + count * each


def measure(delay, rate):
    bench = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "release", "bench", "collectives_bench")
    sizes = [8, 32768, 262144, 1048576]
    print("| ranks | bytes | " + " | ".join(f"{how}: ms | model | ratio" for how in ("message", "direct", "ring", "tree")) + " |")
    print("|---" * 14 + "|")
    for ranks in (2, 4, 8):
        with simulated.Hosts(ranks, delay, rate * 8) as hosts:
            job = hosts.mpirun(["-n", str(ranks), os.path.abspath(bench), *map(str, sizes)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
            said, _ = job.communicate()
        if job.returncode != 0:
            sys.exit(f"collectives_bench ended with {job.returncode}; wanted 0 (build it first)")
        found = {}
        for line in said.splitlines():
            how, size, seconds = line.split()
            found[how, int(size)] = float(seconds)
        net = Network(found["message", 8], 0.0, rate)    # the delay, and what software adds
        for size in sizes:
            row = []
            for how, model in (("message", net.message(size)), ("direct", direct(net, ranks, size)),
                               ("ring", ring(net, ranks, size)), ("tree", tree(net, ranks, size))):
                measured = found[how, size]
                row.append(f"{measured * 1e3:.0f} | {model * 1e3:.0f} | {measured / model:.2f}")
            print(f"| {ranks} | {size} | " + " | ".join(row) + " |", flush=True)


def extrapolate():
    networks = {"10 Gbit/s Ethernet, TCP": Network(30e-6, 3e-6, 1.25e9),
                "100 Gbit/s InfiniBand": Network(2e-6, 0.3e-6, 12.5e9)}
    gradients = {"2.7 MB (784-512-512-10)": 2.68e6, "100 MB (25 million)": 100e6}
    print("| network | gradient | ranks | direct | ring | tree | in buckets of 256 kB | 4 MB | 32 MB |")
    print("|---" * 9 + "|")
    for network, net in networks.items():
        for gradient, size in gradients.items():
            for ranks in (8, 64, 512):
                times = [direct(net, ranks, size), ring(net, ranks, size), tree(net, ranks, size)]
                times += [buckets(net, ranks, size, min(size, bucket)) for bucket in (2**18, 2**22, 2**25)]
                print(f"| {network} | {gradient} | {ranks} | " + " | ".join(f"{each * 1e3:.3g}" for each in times) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="*", type=float, metavar=("DELAY", "RATE"))
    options = parser.parse_args()
    if options.measure is None:
        return extrapolate()
    if len(options.measure) not in (0, 2):
        parser.error("--measure takes a delay in ms and a rate in Mbit/s")
    delay, rate = options.measure or (50.0, 20.0)
    try:
        return measure(delay / 1e3, rate * 1e6 / 8)
    except simulated.NotAllowed as reason:
        return sys.exit(f"model_ranks.py: network namespaces are not allowed here ({reason})")


if __name__ == "__main__":
    main()
