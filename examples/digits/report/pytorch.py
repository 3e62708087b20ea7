"""PyTorch's part of the seed experiment. The settings come as JSON, the measurement goes to stdout as JSON."""
import json
import sys

import torch

settings = json.loads(sys.argv[1])
x = torch.ones(settings["shape"])


def start():
    torch.manual_seed(settings["seed"])
    layer = torch.nn.Dropout(settings["p"])
    return lambda: layer(x)


call = start()
first = call()
second = call()
first_again = start()()
measurement = {
    "version": torch.__version__,
    "mean": first.double().mean().item(),
    "std": first.double().std().item(),
    "repeats": torch.equal(first, first_again),
    "freshMasks": not torch.equal(first, second),
}
print(json.dumps(measurement))
