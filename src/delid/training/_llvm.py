"""Where the renderer's compiler is."""

from __future__ import annotations

import ctypes.util
import glob
import os


def find_llvm() -> str | None:
    """The newest LLVM library of the system; the renderer needs version 16 or later."""
    given = os.environ.get("DRJIT_LIBLLVM_PATH")
    if given:
        return given
    places = [
        "/usr/lib/*/libLLVM*.so*",
        "/usr/lib/llvm-*/lib/libLLVM*.so*",
        "/usr/lib64/libLLVM*.so*",
        "/opt/homebrew/opt/llvm/lib/libLLVM*.dylib",
    ]
    best: tuple[int, str] | None = None
    for path in (p for place in places for p in glob.glob(place)):
        name = os.path.basename(path)
        numbers = [int(part) for part in name.replace("-", ".").split(".") if part.isdigit()]
        if numbers and numbers[0] >= 16 and (best is None or numbers[0] > best[0]):
            best = (numbers[0], path)
    return best[1] if best else ctypes.util.find_library("LLVM")
