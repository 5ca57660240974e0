"""The oracles that nobody here wrote, each behind one function, imported when it is asked for."""

import importlib.metadata
import importlib.util
import logging
import sys
import types
import warnings
from functools import cache
from typing import Any

import numpy as np

from hadacast.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2, E8M0, Minifloat

# The distribution that each oracle needs, and what it runs on.
NEEDS = {
    "ml_dtypes": ("ml_dtypes",),
    "gfloat": ("gfloat",),
    "torch": ("torch",),
    "torchao": ("torch", "torchao"),
    "transformer_engine": ("torch", "transformer_engine"),
    "numpy": (),
    "definition": (),
}

ML_DTYPES = {
    E2M1: "float4_e2m1fn",
    E2M3: "float6_e2m3fn",
    E3M2: "float6_e3m2fn",
    E4M3: "float8_e4m3fn",
    E5M2: "float8_e5m2",
    E8M0: "float8_e8m0fnu",
}


@cache
def version(distribution: str) -> str:
    """An installed distribution's version, "" for none."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def installed(oracle: str) -> bool:
    """Whether an oracle can be run here."""
    return all(version(name) for name in NEEDS[oracle.split()[0]])


def ml_dtypes(element: Minifloat) -> np.dtype:
    """ml_dtypes's type of an element format."""
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, ML_DTYPES[element]))


def gfloat_format(element: Minifloat) -> Any:
    """gfloat's description of any of our formats."""
    from gfloat import Domain, FormatInfo

    return FormatInfo(
        str(element),
        element.width,
        element.mantissa + 1,
        bias=element.bias,
        is_signed=element.sign,
        domain=Domain.Extended if element.inf_code is not None else Domain.Finite,
        has_nz=element.sign,
        num_high_nans={"finite": 0, "nan": 1, "ieee": (1 << element.mantissa) - 1}[element.top],
        has_subnormals=element.subnormal,
        is_twos_complement=False,
    )


def gfloat_codes(element: Minifloat, values: Any, mode: str = "TiesToEven", **settings: Any) -> Any:
    """Codes of float64 values, saturating unless `sat` is false."""
    from gfloat import RoundMode, encode_ndarray, round_ndarray

    form = gfloat_format(element)
    rounded = round_ndarray(form, values, RoundMode[mode], **{"sat": True, **settings})
    return encode_ndarray(form, rounded).astype(np.int64)


@cache
def torch() -> Any:
    """PyTorch, in one thread."""
    import torch

    torch.set_num_threads(1)
    return torch


@cache
def torchao_mx() -> Any:
    """torchao's MX module; what it says about kernels for devices that aren't here is left out."""
    torch()
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torchao.prototype.mx_formats.kernels
            import torchao.prototype.mx_formats.mx_tensor
            import torchao.prototype.mx_formats.nvfp4_tensor

            return torchao.prototype.mx_formats
    finally:
        logging.disable(level)


TORCH_CASTS = {E4M3: "float8_e4m3fn", E5M2: "float8_e5m2", E8M0: "float8_e8m0fnu"}
TORCHAO_CASTS = {
    E2M1: "f32_to_f4_unpacked",
    E2M3: "f32_to_f6_e2m3_unpacked",
    E3M2: "f32_to_f6_e3m2_unpacked",
}


def torch_codes(element: Minifloat, values: Any) -> Any:
    """Codes of float32 values from torch's cast, or torchao's kernel where torch has none."""
    tensor = torch().from_numpy(np.ascontiguousarray(values, dtype=np.float32))
    if element in TORCH_CASTS:
        codes = tensor.to(getattr(torch(), TORCH_CASTS[element])).view(torch().uint8)
    else:
        codes = getattr(torchao_mx().kernels, TORCHAO_CASTS[element])(tensor)
    return codes.numpy().astype(np.int64)


def mx(values: Any, element: Minifloat, rule: str) -> tuple[Any, Any]:
    """torchao's to_mx of blocks (B, 32) of float32: scale bytes (B,), element codes (B, 32)."""
    module = torchao_mx().mx_tensor
    kind = {
        E2M1: torch().float4_e2m1fn_x2,
        E2M3: "fp6_e2m3",
        E3M2: "fp6_e3m2",
        E4M3: torch().float8_e4m3fn,
        E5M2: torch().float8_e5m2,
    }[element]
    mode = module.ScaleCalculationMode[rule.upper()]
    scale, data = module.to_mx(torch().from_numpy(values), kind, 32, mode)
    codes = data.view(torch().uint8).numpy()
    return scale.view(torch().uint8).numpy().reshape(-1).astype(np.int64), _unpacked(codes, element)


def nvfp4(values: Any, tensor_amax: float | None) -> tuple[Any, Any]:
    """torchao's nvfp4_quantize of blocks (B, 16) of float32, at one level or two."""
    module = torchao_mx().nvfp4_tensor
    tensor = None
    if tensor_amax is not None:
        amax = torch().tensor(tensor_amax, dtype=torch().float32)
        tensor = module.per_tensor_amax_to_scale(amax)
    scale, data = module.nvfp4_quantize(torch().from_numpy(values), 16, tensor)
    return scale.view(torch().uint8).numpy().reshape(-1).astype(np.int64), _unpacked(data.numpy(), E2M1)


def _unpacked(codes: Any, element: Minifloat) -> Any:
    if element is E2M1:
        codes = np.stack([codes & 15, codes >> 4], axis=-1).reshape(len(codes), -1)
    return codes.astype(np.int64)


@cache
def transformer_engine() -> Any:
    """Transformer Engine's reference quantizer class, from its wheel.

    The package wants its CUDA libraries at import; the reference itself is one file of plain PyTorch, so
    that file is loaded alone, and what else it imports stands in empty.
    """
    torch()
    prefix = "transformer_engine.pytorch"
    path = importlib.metadata.distribution("transformer_engine").locate_file(
        "transformer_engine/pytorch/custom_recipes/reference_nvfp4.py"
    )
    names = ["transformer_engine", prefix, f"{prefix}.custom_recipes", f"{prefix}.quantized_tensor"]
    names += [f"{prefix}.custom_recipes.{name}" for name in ("gemm", "reference_utils")]
    saved = {name: sys.modules.get(name) for name in names}
    try:
        for name in names:
            sys.modules[name] = types.ModuleType(name)
        sys.modules[f"{prefix}.custom_recipes"].__dict__.update(
            {name: sys.modules[f"{prefix}.custom_recipes.{name}"] for name in ("gemm", "reference_utils")}
        )
        sys.modules[names[-2]].__dict__.update(MMParams=object, GEMMType=_Anything)
        sys.modules[names[-1]].__dict__.update(Fp4Formats=_Anything)
        sys.modules[names[3]].__dict__.update(QuantizedTensorStorage=object, Quantizer=object)
        spec = importlib.util.spec_from_file_location("transformer_engine_reference", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # its dataclasses look themselves up
        spec.loader.exec_module(module)
        return module.NVFP4QuantizerRef
    finally:
        for name, before in saved.items():
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before


class _Anything:
    """Stands in for enumerations that only annotations and defaults mention."""

    FPROP = E2M1 = None


def te_nvfp4(values: Any, tensor_amax: float) -> tuple[Any, Any]:
    """Transformer Engine's reference quantization of blocks (B, 16) of float32."""
    codes, scale = transformer_engine()._quantize_blockwise_reference(
        torch().from_numpy(values),
        torch().tensor([tensor_amax], dtype=torch().float32),
        16,
        1,
        pow_2_scales=False,
        eps=0.0,
    )
    return scale.view(torch().uint8).numpy().reshape(-1).astype(np.int64), _unpacked(codes.numpy(), E2M1)
