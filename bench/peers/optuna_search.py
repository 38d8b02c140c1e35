#!/usr/bin/env python3
"""Random search and tpe_search beside Optuna's TPE (multivariate, grouped): medians of the regret after 60 trials.

    pip install optuna; cmake --build --preset release --target search_bench
    bench/peers/optuna_search.py build/release/bench/search_bench [SEEDS]

Prints a table for docs/performance.md. Optuna evaluates the same functions, in search_bench.
"""
import statistics
import subprocess
import sys
import warnings

import optuna

optimum = {"branin": 0.39788736, "hartmann6": -3.32236801, "rosenbrock4": 0.0, "mixed": 0.0, "digits": None}


class Function:
    def __init__(self, program, name):
        self.space = [line.split() for line in subprocess.check_output([program, "space", name], text=True).splitlines()]
        self.process = subprocess.Popen(
            [program, "evaluate", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __call__(self, trial):
        values, chosen = [], {}
        for name, kind, low, high, parent, parent_value, *choices in self.space:
            if parent != "-" and chosen[parent] != parent_value:
                values.append("-")
            elif kind == "choice":
                chosen[name] = trial.suggest_categorical(name, choices)
                values.append(str(choices.index(chosen[name])))
            elif kind.endswith("integer"):
                value = trial.suggest_int(name, int(float(low)), int(float(high)), log=kind.startswith("log"))
                values.append(str(value))
            else:
                value = trial.suggest_float(name, float(low), float(high), log=kind.startswith("log"))
                values.append(repr(value))
        self.process.stdin.write(" ".join(values) + "\n")
        return float(self.process.stdout.readline())


def ours(program, sampler, name, seeds):
    return [float(word) for word in subprocess.check_output([program, "run", sampler, name, str(seeds)], text=True).split()]


def theirs(program, name, seeds):
    function, best = Function(program, name), []
    for seed in range(seeds):
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
        study = optuna.create_study(sampler=sampler)
        study.optimize(function, n_trials=60)
        best.append(study.best_value)
    return best


def main():
    program, seeds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    print("| | random | `tpe_search` | Optuna %s | ratio |\n|---|---|---|---|---|" % optuna.__version__)
    for name, least in optimum.items():
        values = [ours(program, "random", name, seeds), ours(program, "tpe", name, seeds), theirs(program, name, seeds)]
        if least is None:
            least = min(min(each) for each in values)
        random, tpe, other = (statistics.median(each) - least for each in values)
        print("| %s | %.3g | %.3g | %.3g | %.2f |" % (name, random, tpe, other, tpe / other), flush=True)


main()
