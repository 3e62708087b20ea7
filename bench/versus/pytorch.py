"""PyTorch's side: answers commands, one JSON object a line. `pytorch.js` starts it."""

import json
import os
import re
import sys
import time

start = time.perf_counter()
import torch  # noqa: E402

torch.set_num_threads(1)


def calls(n, p):
    x = (torch.arange(n) % 1000 + 1).float() / 500 - 1.0005
    dy = x.clone()
    trained = x.clone().requires_grad_()

    def forward():
        return {"y": torch.nn.functional.dropout(x, p)}

    def both():
        trained.grad = None
        y = torch.nn.functional.dropout(trained, p)
        y.backward(dy)
        return {"y": y.detach(), "dx": trained.grad}

    def mask():
        return {"mask": torch.empty(n, dtype=torch.bool).bernoulli_(1 - p)}

    return x, {"forward": forward, "forward + backward": both, "mask": mask}


def observe(call, x, p):
    first = call()
    kept = first.get("mask", first.get("y")) != 0
    right = torch.where(kept, x / (1 - p), torch.zeros_like(x))
    wrong = sum(
        int((~((first[name] - right).abs() <= 1e-6 * right.abs())).sum()) for name in ("y", "dx") if name in first
    )
    second = call()
    repeats = bool(torch.equal(second.get("mask", second.get("y")) != 0, kept))
    return {"kept": int(kept.sum()), "wrong": wrong, "repeats": repeats}


def timed(call, turn):
    """As `timeCalls` of measure.js: median ns of CPU time of a call, in batches of at least 50 us."""
    call()
    samples = []
    end = time.process_time_ns() + turn
    batch = 1
    while not samples or time.process_time_ns() < end:
        start = time.process_time_ns()
        for _ in range(batch):
            call()
        ns = time.process_time_ns() - start
        if not samples and ns < 50_000:
            batch *= 2
        else:
            samples.append(ns / batch)
    return sorted(samples)[len(samples) // 2]


def allocated(call):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    return sum(max(0, event.self_cpu_memory_usage) for event in profile.key_averages())


def installed():
    """Bytes of the package, and of its libraries that Debian keeps elsewhere."""
    package = os.path.realpath(os.path.dirname(torch.__file__))
    files = {os.path.join(folder, file) for folder, _, files in os.walk(package) for file in files}
    with open("/proc/self/maps") as maps:
        mapped = {line.split()[-1] for line in maps if re.search(r"/lib(torch|c10|shm)[^/]*$", line.strip())}
    return sum(os.path.getsize(file) for file in files | mapped if not os.path.islink(file))


def answer(command):
    name = command["name"]
    if name == "size":
        return installed()
    if name == "version":
        return torch.__version__
    if name == "first":
        torch.nn.functional.dropout(torch.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
        return (time.perf_counter() - start) * 1e3
    x, known = calls(command["n"], command["p"]) if state.get("key") != (command["n"], command["p"]) else state["value"]
    state.update(key=(command["n"], command["p"]), value=(x, known))
    call = known[command["measure"]]
    if name == "observe":
        return observe(call, x, command["p"])
    if name == "time":
        return timed(call, command["turn"])
    return allocated(call)


state = {}
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
