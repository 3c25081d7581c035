"""Numbers of every kind: integers, single precision, complex numbers and truth values in one program, conversions on
assignment and in place, functions that are computed only where a mask says so.

The derivative is compared with central differences, in specialised and in generic code; of functions under a mask to the
second order too.  What is refused is named.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.orders import run_generic

X = np.array([0.73, -1.41, 2.32, 0.36])
PROGRAMS = {
    "int store": "k = np.zeros(3, dtype=int)\nk[0] = x[0] * 10\nreturn k[0] * x[1] + np.sum(x)",
    "int store arr": "k = np.zeros(4, dtype=int)\nk[:] = x * 10\nreturn np.sum(k * x)",
    "int aug": "k = np.arange(4)\nk = k * x\nreturn np.sum(k ** 2)",
    "int then float": "k = np.arange(4)\nk = k + x\nk[0] = x[1]\nreturn np.sum(k ** 2)",
    "single acc": "s = np.float32(0)\nfor v in x:\n    s = s + v * v\nreturn s",
    "single arr": (
        "a = np.zeros(4, dtype=np.float32)\na[:] = x * 2\na *= x.astype(np.float32)\nreturn np.sum(a.astype(float))"
    ),
    "single store": (
        "a = np.zeros(4, dtype=np.float32)\nfor i in range(4):\n    a[i] = x[i] ** 2\nreturn float(np.sum(a)) * x[0]"
    ),
    "single aug64": "a = np.ones(4, dtype=np.float32)\na += x\nreturn np.sum(a * x)",
    "single inplace out": (
        "a = np.ones(4, dtype=np.float32)\nnp.multiply(a, x, out=a, casting='same_kind')\nreturn np.sum(a * x)"
    ),
    "astype int": "return np.sum(x.astype(int) * x)",
    "astype bool": "return np.sum(x.astype(bool) * x ** 2)",
    "floordiv": "return np.sum(x // 0.3 * x)",
    "floordiv2": "y = x.copy()\ny //= 0.3\nreturn np.sum(y * x)",
    "mod": "return np.sum((x % 0.3) * x)",
    "modxy": "return np.sum(np.mod(x, x[::-1] + 3.0) * x)",
    "fmod": "return np.sum(np.fmod(x, 0.3) * x)",
    "fmodxy": "return np.sum(np.fmod(x * 5, x[::-1] + 3.0) * x)",
    "remainder": "y = x.copy()\ny %= 0.3\nreturn np.sum(y * x)",
    "divmod": "q, r = divmod(x, 0.3)\nreturn np.sum(q * r * x)",
    "npdivmod": "q, r = np.divmod(x, x[0])\nreturn np.sum(q * r * x)",
    "divmods": "q, r = divmod(x[0], x[1])\nreturn q * r + r ** 2",
    "pydivmod": "q, r = divmod(float(x[2]), float(x[0]))\nreturn q * r + r ** 2",
    "pymod": "return float(x[1]) % float(x[0]) * x[2] + x[2] % x[0]",
    "mathfmod": "return math.fmod(x[1] * 7, x[0]) * x[2]",
    "mathrem": "return math.remainder(x[1] * 5, x[0]) * x[2]",
    "round": "return np.sum(np.round(x, 1) * x) + round(x[0], 1) * x[0] + round(float(x[1])) * x[2]",
    "roundm": "return np.sum(x.round(1) * x)",
    "trunc": ("return np.sum(np.trunc(x) * x + np.floor(x) * x + np.ceil(x) * x + np.rint(x) * x + np.fix(x) * x)"),
    "intcast": "return int(x[2]) * x[0] + float(int(x[1] * 3)) * x[1]",
    "floorm": "return math.floor(x[2]) * x[0] + math.ceil(x[1]) * x[2] + math.trunc(x[1]) * x[0]",
    "intsel": "i = int(x[2])\nreturn x[i] ** 2",
    "modf": "f, i = np.modf(x)\nreturn np.sum(f * i * x)",
    "frexp": "m, e = np.frexp(x)\nreturn np.sum(m * e * x)",
    "ldexp": "return np.sum(np.ldexp(x, np.array([1, 2, 0, -1])) ** 2)",
    "complex prod": "z = x[:2] + 1j * x[2:]\nreturn np.sum(np.real(z * z * np.conj(z)))",
    "complex abs": "z = x[:2] + 1j * x[2:]\nreturn np.sum(np.abs(z) ** 3)",
    "complex angle": "z = x[:2] + 1j * x[2:]\nreturn np.sum(np.angle(z) * x[:2])",
    "complex angle deg": "z = x[:2] + 1j * x[2:]\nreturn np.sum(np.angle(z, deg=True) * x[:2])",
    "complex real set": (
        "z = np.zeros(2, dtype=complex)\nz.real = x[:2]\nz.imag = x[2:] ** 2\nreturn np.sum(np.abs(z) ** 2 * z.real)"
    ),
    "complex real view": "z = x[:2] + 1j * x[2:]\nz.real[0] = x[3] ** 2\nz.imag *= 2.0\nreturn np.sum(np.abs(z) ** 2)",
    "complex real aug": (
        "z = x[:2] + 1j * x[2:]\nz.real += x[1]\nz.imag[1] -= x[0] ** 2\nreturn np.sum((z * z * z).real)"
    ),
    "complex store": (
        "z = np.zeros(4, dtype=complex)\nz[0] = x[0] * 1j\nz[1:] = x[1:] + 2j\nz *= x\nreturn np.sum(np.abs(z))"
    ),
    "complex aug real": "z = x * (1 + 2j)\nz *= x\nz += x[0]\nz /= 1j\nreturn np.sum(z.real * z.imag)",
    "complex exp": "z = np.exp(1j * x)\nreturn np.sum((z * z).real * x + z.imag)",
    "complex list": "z = [complex(v, w) for v, w in zip(x, x[::-1])]\nreturn sum(abs(c) ** 2 * c.real for c in z)",
    "complex py": ("c = complex(x[0], x[1])\nd = c.conjugate() * (2 + 1j)\nreturn (c * d).real + abs(d) + d.imag ** 2"),
    "complex pow": "c = (x[0] + 1j * x[1]) ** 3\nreturn c.real * c.imag",
    "complex pow half": "c = (x + 1j) ** 0.5\nreturn np.sum(c.real * c.imag)",
    "complex powx": "c = (x + 2j) ** x\nreturn np.sum(c.real * c.imag)",
    "complex sqrt": "c = np.sqrt(x + 0j)\nreturn np.sum(np.abs(c) ** 2 * x)",
    "complex vdot": "z = x + 1j * x[::-1]\nreturn np.vdot(z, z * x).real",
    "complex dot": "z = x + 1j * x[::-1]\nreturn np.dot(z, z).imag",
    "complex matmul": "z = np.outer(x + 1j, x - 2j)\nreturn np.abs(np.trace(z @ z.conj().T))",
    "complex H": "z = np.outer(x + 1j, x - 2j * x)\nreturn np.sum(np.real(z.conj().T @ z))",
    "complex where": "z = np.where(x > 0, x + 1j, x * 2j)\nreturn np.sum(np.abs(z))",
    "complex sum axis": "z = np.outer(x, x + 1j)\nreturn np.sum(np.abs(z.sum(axis=0)))",
    "complex mean": "z = np.outer(x, x + 1j)\nreturn np.abs(z.mean()) + np.abs(z.var()) + z.std()",
    "complex prod2": "z = x + 1j\nreturn np.abs(np.prod(z))",
    "complex cumprod": "z = x + 1j\nreturn np.sum(np.abs(np.cumprod(z)))",
    "complex max": "z = x + 1j\nreturn np.max(z).real ** 2",
    "complex fft": "z = np.fft.fft(x)\nreturn np.sum(np.abs(z) ** 2 * np.arange(4.0))",
    "complex solve": (
        "m = np.eye(2) * (1 + 2j) + np.outer(x[:2], x[2:])\nreturn np.sum(np.abs(np.linalg.solve(m, x[:2] + 1j)))"
    ),
    "complex inv": (
        "m = np.eye(2) * (1 + 2j) + np.outer(x[:2], x[2:])\n"
        "return np.abs(np.linalg.det(m)) + np.sum(np.linalg.inv(m).real)"
    ),
    "complex norm": "z = x + 1j * x[::-1]\nreturn np.linalg.norm(z) + np.linalg.norm(z, 1)",
    "complex float": "z = x + 0j\nreturn float(z[0].real) * x[1]",
    "complex cast": "a = np.zeros(4)\na[:] = (x + 0j).real\nreturn np.sum(a ** 2)",
    "complex div": "z = (x + 1j) / (x[::-1] - 2j)\nreturn np.sum(z.real * z.imag)",
    "complex abs2": "z = x * np.exp(1j * x)\nreturn np.sum(abs(z) * z.real ** 2 + z.imag ** 2)",
    "complex sign": "z = x + 1j\nreturn np.sum(np.sign(z).real)",
    "complex eq": "z = x + 1j\nreturn np.sum(z[z.real > 0].imag * x[x > 0])",
    "complex iter": "t = 0\nfor z in x + 1j * x ** 2:\n    t = t + z * z\nreturn t.real + t.imag",
    "complex einsum": "z = np.outer(x, x + 1j)\nreturn np.abs(np.einsum('ij,ij->', z, z.conj()))",
    "complex c64": "z = (x + 1j * x[::-1]).astype(np.complex64)\nreturn np.sum(np.abs(z).astype(float))",
    "bool mult": "return np.sum((x > 0) * x ** 2)",
    "bool idx": "y = x * 2\ny[x > 0] = 0\nreturn np.sum(y ** 2)",
    "bool sum": "return np.sum(x > 0) * x[0]",
    "bool arith": "return (x[0] > 0) * x[0] + (not x[1] > 0) * x[1] ** 2",
    "bool and": "m = (x > 0) & (x < 1)\nreturn np.sum(np.where(m, x ** 2, -x))",
    "intpow": "return np.sum(x ** np.arange(4))",
    "intbase": "return np.sum(2 ** x + np.power(3, x) + np.arange(1, 5) ** x)",
    "negpow": "return np.sum(x ** -1 + x ** -2.0 + np.float_power(np.abs(x), 1.5))",
    "negpow2": "return float(x[0]) ** -1 + float(x[0]) ** 2 + 2 ** float(x[1]) + pow(x[0], 3)",
    "intdiv": "return np.sum(np.arange(1, 5) / x + x / np.arange(1, 5))",
    "mixed stack": "return np.sum(np.stack([x, np.arange(4)]) * np.stack([np.ones(4, dtype=np.float32), x]))",
    "mixed conc": "return np.sum(np.concatenate([x, np.arange(3), np.array([True])]) ** 2)",
    "mixed list": "return np.sum(np.array([x[0], 1, 2.5, True]) ** 2 * np.array([1, x[1], 3, x[2]]))",
    "int list assign": "a = [0, 0, 0]\na[0] = x[0]\na[1] += x[1]\nreturn sum(a) ** 2",
    "int acc": "t = 0\nfor v in x:\n    t += v ** 2\nreturn t",
    "int max": "t = 0\nfor v in x:\n    t = max(t, v)\nreturn t * x[0]",
    "np int scalar": "k = np.int64(2)\nreturn np.sum(x ** k * k + k / x)",
    "full int": "a = np.full(4, 1)\na = a * x\nreturn np.sum(a ** 2)",
    "full x": "a = np.full(4, x[0])\na[1] = x[1]\nreturn np.sum(a ** 2)",
    "full int dtype": "a = np.full(4, x[0], dtype=int)\nreturn np.sum(a * x)",
    "zeros like int": "a = np.zeros_like(np.arange(4))\na[1] = x[2] * 3\nreturn np.sum(a * x)",
    "zeros like x": "a = np.zeros_like(x)\na[1] = x[2] * 3\nreturn np.sum(a * x)",
    "ones like dt": "a = np.ones_like(x, dtype=int)\na[1] = x[2] * 3\nreturn np.sum(a * x)",
    "arr obj": "a = np.array([x[0], x[1] * 2], dtype=object)\nreturn a[0] * a[1]",
    "float16": "return np.sum((x.astype(np.float32) ** 2).astype(np.float64) * x)",
    "float32scalar": "return np.float32(x[0]) * np.float32(2) * float(x[1])",
    "float of arr": "return float(np.sum(x ** 2)) * float(x[:1][0])",
    "item": "return x[0].item() * x.item(1) * np.float64(x[2]).item()",
    "intarray add at": "a = np.zeros(4, dtype=int)\nnp.add.at(a, [0, 1], 2)\nreturn np.sum(a * x)",
    "digitize": "k = np.digitize(x, [0.0, 1.0])\nreturn np.sum(np.array([1.0, 2.0, 3.0])[k] * x ** 2)",
    "searchsorted": "k = np.searchsorted(np.array([0.0, 1.0]), x)\nreturn np.sum(k * x ** 2)",
    "argmax": "return x[np.argmax(x)] ** 2 * x[x.argmin()]",
    "count": "return np.count_nonzero(x > 0) * x[0]",
    "cumsum dtype": "return np.sum(np.cumsum(x, dtype=np.float32).astype(float) * x)",
    "sum dtype int": "return np.sum(x, dtype=int) * x[0]",
    "mean dtype": "return np.mean(x, dtype=np.float32) * x[0]",
    "copyto int": "a = np.zeros(4, dtype=int)\nnp.copyto(a, x * 3, casting='unsafe')\nreturn np.sum(a * x)",
    "add out int": "a = np.zeros(4, dtype=int)\nnp.add(x, 1.0, out=a, casting='unsafe')\nreturn np.sum(a * x)",
    "inplace view int": "a = np.arange(4.0)\na[1:] = x[1:].astype(int)\nreturn np.sum(a * x)",
    "uint8": "a = (np.abs(x) * 43).astype(np.uint8)\nreturn np.sum(a / 255.0 * x)",
    "isnan": "return np.sum(np.where(np.isnan(x), 0.0, x) ** 2) * (1 - np.isinf(x[0]))",
    "nan2num": "y = x.copy()\ny[0] = np.nan\ny = np.nan_to_num(y, nan=2.0)\nreturn np.sum(y * x)",
    "sign": "return np.sum(np.sign(x) * x ** 2 + np.copysign(x ** 2, x) + np.heaviside(x, 0.5) * x)",
}
MASKED = {
    "masked divide": (
        "y = np.array([1.0, 0.0, 2.0, 0.0]) * x\n"
        "z = np.divide(x, y, out=np.zeros(4), where=y != 0)\n"
        "return np.sum(z ** 2 * x)"
    ),
    "masked divide by constants": (
        "m = np.array([1.0, 0.0, 2.0, 0.0])\n"
        "z = np.divide(x, m, out=np.zeros_like(x), where=m != 0)\n"
        "return np.sum(z ** 2 * x)"
    ),
    "masked divide by integers": (
        "m = np.array([1, 0, 2, 0])\nz = np.divide(x, m, out=np.ones_like(x), where=m != 0)\nreturn np.sum(z ** 2 * x)"
    ),
    "masked divide of matrices": (
        "y = np.outer(x, [1.0, 0.0, 2.0])\n"
        "z = np.divide(x[:, None], y, out=np.zeros((4, 3)), where=y != 0)\n"
        "return np.sum(z ** 2 * x[:, None])"
    ),
    "masked log": ("z = np.zeros_like(x)\nnp.log(x, out=z, where=x > 0)\nreturn np.sum(z ** 2 * x)"),
    "masked sqrt": ("z = np.sqrt(x, where=x > 0, out=x.copy())\nreturn np.sum(z ** 2 * x)"),
    "masked power": ("z = np.power(x, 0.5, out=np.zeros_like(x), where=x > 0)\nreturn np.sum(z * x)"),
    "masked arccos": ("z = np.arccos(x, out=np.zeros_like(x), where=np.abs(x) < 1)\nreturn np.sum(z * x)"),
    "masked reciprocal": (
        "z = np.reciprocal(x * np.array([1.0, 0, 1, 1]), out=np.zeros_like(x), where=np.array([True, False, True, True]))\n"
        "return np.sum(z * x)"
    ),
    "masked maximum": ("z = np.maximum(x, 0.5, out=x.copy(), where=x < 1)\nreturn np.sum(z * x)"),
    "masked in place": ("y = x * 1.5\nnp.multiply(y, x[0], out=y, where=y > 0)\nreturn np.sum(y ** 2)"),
}
# the imaginary part of an array that is changed in place
REFUSED = {"complex real set", "complex real view", "complex real aug", "complex aug real"}
GENERIC_ONLY_REFUSED = {"complex sign"}
SINGLE = ("single", "float", "c64", "dtype")


def program(text: str):
    return function_from("def f(x):\n" + "".join(f"    {line}\n" for line in text.splitlines()))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["specialised", "generic"])
@pytest.mark.parametrize("name", [*PROGRAMS, *MASKED])
def test_gradient(name: str, mode: str) -> None:
    function = program((PROGRAMS | MASKED)[name])
    is_single = any(word in name for word in SINGLE)
    known = numeric_gradient(function, (X.copy(),), (0,))[0]
    gradient = ad.grad(function)
    try:
        found = gradient(X.copy()) if mode == "specialised" else run_generic(gradient, (X.copy(),))
    except (ad.AutodiffError, ad.DerivativeRefused):
        assert name in REFUSED or mode == "generic" and name in GENERIC_ONLY_REFUSED
        return
    assert_close(found, known, 1e-3 if is_single else 1e-7)


@pytest.mark.parametrize("name", MASKED)
def test_second_order_under_a_mask(name: str) -> None:
    gradient = ad.grad(program(MASKED[name]))
    along = function_from(
        "def along(x):\n    return np.sum(gradient(x) * weights)",
        "along",
        gradient=gradient,
        weights=np.array([0.3, -1.1, 0.8, 0.5]),
    )
    assert_close(ad.grad(along)(X.copy()), numeric_gradient(along, (X.copy(),), (0,))[0], 1e-5)


def test_a_number_becomes_what_is_added_to_it() -> None:
    """What is read from text has a type that nobody knows; the sum starts as an integer."""
    function = function_from(
        """
        import json

        def pieces(x):
            return list(map(lambda i: x[i : i + 2] * 2.0, json.loads("[0, 1, 2]")))

        def f(x):
            t = 0
            for z in pieces(x):
                t += z
            u = 0
            for z in (x + 1j * x**2).tolist():
                u += z**2
            return np.sum(np.sin(t) * t) + abs(u)
        """
    )
    gradient = ad.grad(function)
    assert_close(gradient(X.copy()), numeric_gradient(function, (X.copy(),), (0,))[0], 1e-7)
    along = function_from("def along(x):\n    return np.sum(gradient(x) ** 2)", "along", gradient=gradient)
    assert_close(ad.grad(along)(X.copy()), numeric_gradient(along, (X.copy(),), (0,))[0], 1e-6)
