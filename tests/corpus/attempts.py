"""Programs in which something fails on the way: what a body had done by then counts, and nothing after it."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from tests.corpus import register


def handler_reads_what_was_computed(x):
    y = x
    try:
        y = x * x
        y = y * math.log(-x)
        y = y + 100.0
    except ValueError:
        y = y * 3.0
    return y


register(handler_reads_what_was_computed, (0.7,), gradient=lambda x: 6 * x)


def after_the_handler_it_is_read(x):
    y = x
    try:
        y = x * x
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        pass
    return y * x


register(after_the_handler_it_is_read, (0.7,), gradient=lambda x: 3 * x * x)


def in_a_loop_some_fail(x):
    total = 0.0
    for value in [1.0, -1.0, 2.0]:
        part = x
        try:
            part = part * 2
            part = part * math.log(value * 2)
            part = part + 1
        except ValueError:
            part = part * part
        total += part
    return total


register(in_a_loop_some_fail, (0.7,), gradient=lambda x: 2 * math.log(2) + 2 * math.log(4) + 8 * x)


def several_handlers(x):
    total = 0.0
    for text in ["1.5", "a", None, "2"]:
        try:
            total += float(text) * x
        except ValueError:
            total += x * x
        except TypeError:
            total += x**3
        else:
            total += 1
        finally:
            total *= 1.5
    return total


register(
    several_handlers,
    (0.7,),
    gradient=lambda x: 1.5 * (1.5**3) * 1.5 + 1.5**3 * 2 * x + 1.5**2 * 3 * x * x + 2 * 1.5,
)


def array_half_filled(x):
    y = np.zeros(3)
    try:
        for i in range(5):
            y[i] = x * i + y[i - 1]
    except IndexError:
        y = y * x
    return np.sum(y)


register(array_half_filled, (0.7,), gradient=lambda x: 8 * x)


def list_half_built(x):
    out = [x]
    try:
        for i in range(6):
            out.append(out[-1] * x)
            out[4 - i] = out[4 - i] + x
    except IndexError:
        out.append(2 * x)
    return sum(out)


register(list_half_built, (0.7,), gradient=lambda x: 1 + 2 * x + 2)


def while_true_until_stopped(x):
    n, y = 0, x
    try:
        while True:
            y = y * x + n
            n += 1
            if n == 3:
                raise StopIteration
    except StopIteration:
        y = y * 2
    return y


register(while_true_until_stopped, (0.7,), gradient=lambda x: 8 * x**3 + 2)


def branches_fail(x):
    y = x
    try:
        if x > 0:
            y = y * 2
            z = math.log(x - 0.6)
            y = y * z
        else:
            y = y * 3
        y = y + math.sqrt(x - 0.65)
        y = y + math.sqrt(x - 0.9)
    except ValueError:
        y = y * x
    return y


register(branches_fail, (0.7,), (-0.7,), (0.3,), (1.3,))


def raised_again(x):
    t = x
    try:
        try:
            t = t * 2
            raise KeyError("a")
        except KeyError:
            t = t * t
            raise
    except LookupError:
        t = t * 3
    return t


register(raised_again, (0.7,), gradient=lambda x: 24 * x)


def nested_with_finally(x):
    y = x
    try:
        try:
            y = y * 2
            [1.0][3]  # noqa: B018
        except KeyError:
            y = y * 100
        finally:
            y = y + x * x
    except IndexError:
        y = y * x
    return y


register(nested_with_finally, (0.7,), gradient=lambda x: 4 * x + 3 * x * x)


def finally_reads_what_was_computed(x):
    t, out = x, [0.0]
    try:
        try:
            t = t * x
            1 / 0  # noqa: B018
            t = 5.0
        finally:
            out[0] = t * 3
    except ZeroDivisionError:
        pass
    return out[0]


register(finally_reads_what_was_computed, (0.7,), gradient=lambda x: 6 * x)


class Failure(Exception):
    """Carries a number that does not depend on the input."""

    def __init__(self, message, value):
        super().__init__(message)
        self.value = value


def raised_from_another(x):
    def logarithm(a):
        try:
            return math.log(-a)
        except ValueError as error:
            raise Failure("negative", 3.0) from error

    try:
        return logarithm(x)
    except Failure as failure:
        return x * failure.value if isinstance(failure.__cause__, ValueError) else x


register(raised_from_another, (0.7,), (-0.7,), gradient=lambda x: 3.0 if x > 0 else 1 / x)


def callee_fills_a_list_and_fails(x):
    out = []

    def add(a):
        out.append(a * 2)
        if len(out) > 2:
            raise OverflowError
        out.append(a * a)

    try:
        add(x)
        add(x * 3)
    except OverflowError:
        out.append(x)
    return sum(out)


register(callee_fills_a_list_and_fails, (0.7,), gradient=lambda x: 9 + 2 * x)


def dict_half_changed(x):
    table = {"v": x}
    for key in ["a", "v", "b"]:
        try:
            table["v"] = table["v"] * x
            table[key] = table[key] * table["v"]
        except KeyError:
            table[key] = table["v"] * 2
        else:
            table["v"] = table["v"] + 1
        finally:
            table["v"] = table["v"] * 1.5
    return table["v"] + table["a"] + table["b"]


register(dict_half_changed, (0.7,))


def returned_from_a_loop(x):
    for value in [-1.0, 0.0, 2.0]:
        try:
            return math.log(value) * x * x
        except ValueError:
            x = x * 2
    return x


register(returned_from_a_loop, (0.7,), gradient=lambda x: 32 * x * math.log(2))


def suppressed(x):
    y = x
    with contextlib.suppress(ZeroDivisionError, KeyError):
        y = y * 2
        y = y / 0
    return y * x


register(suppressed, (0.7,), gradient=lambda x: 4 * x)


def suppressed_around_a_loop(x):
    a = np.zeros(3)
    with np.errstate(all="ignore"), contextlib.suppress(IndexError):
        for i in range(5):
            a[i] = x * i + a[i - 1]
    return np.sum(a)


register(suppressed_around_a_loop, (0.7,), gradient=lambda x: 4.0)


def until_there_are_no_more(x):
    items, total, place = [x, x * 2, 3.0], 1.0, 0
    while True:
        try:
            value = items[place]
        except IndexError:
            break
        total *= value
        place += 1
    return total


register(until_there_are_no_more, (0.7,), gradient=lambda x: 12 * x)


def handler_reads_the_assertion(x):
    try:
        assert x > 1, f"too small {x}"
    except AssertionError as error:
        return x * len(str(error)[:3])
    return x


register(handler_reads_the_assertion, (0.7,), (1.7,), gradient=lambda x: 1.0 if x > 1 else 3.0)


def singular_matrix(x):
    a = np.array([[x, 0.0], [0.0, 0.0]])
    try:
        b = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        b = a * 2
    return np.sum(b * b)


register(singular_matrix, (0.7,), gradient=lambda x: 8 * x)


def recorded_before_failing(x):
    total = 0.0
    for k in range(4):
        try:
            y = math.sin(x * k)
            total = total + math.log(y - 0.5)
        except ValueError:
            total = total * x
    return total


def _recorded_before_failing(x):
    total, slope = 0.0, 0.0
    for k in range(4):
        y = np.sin(x * k)
        if y > 0.5:
            total, slope = total + np.log(y - 0.5), slope + k * np.cos(x * k) / (y - 0.5)
        else:
            total, slope = total * x, slope * x + total
    return slope


register(recorded_before_failing, (0.9,), (1.2,), (0.5,), gradient=_recorded_before_failing)


def made_and_left_by_a_failure(x):
    kept = []
    try:
        items = [x]
        items.append(x * x)
        math.log(-x)
        kept.append(items)
    except ValueError:
        kept.append([x**3])
    return sum(kept[0])


register(made_and_left_by_a_failure, (0.7,), gradient=lambda x: 3 * x**2)


def _of_one_class_or_another(x):
    copied = np.zeros(2)
    try:
        if x[0] > 0:
            raise ValueError
        np.copyto(copied, x)
    except ValueError:
        return np.sum(x * x) * 3
    return float(np.sum(copied))


def handler_returns_a_number_of_another_class(x):
    return _of_one_class_or_another(x) * 2


register(
    handler_returns_a_number_of_another_class,
    (np.array([1.0, 2.0]),),
    (np.array([-1.0, 2.0]),),
    gradient=lambda x: 12 * x if x[0] > 0 else np.full(2, 2.0),
)
