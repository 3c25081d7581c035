"""`heapq`, `bisect` and `statistics`, written in Python: the compiler reads these functions as it reads the user's.

A heap is a list in a certain order.  Where each item goes when one comes or leaves is found out by the run time
(`runtime.heap_pushed` and the like), so that to a derivative a heap is a list whose items change places.
"""

from __future__ import annotations

import bisect
import heapq
import math
import statistics
from typing import Any

from transforms import runtime


def heappush(heap: list, item: Any) -> None:
    """`heapq.heappush`"""
    heap.append(item)
    runtime.permute_items(heap, runtime.heap_pushed(heap))


def heappop(heap: list) -> Any:
    """`heapq.heappop`"""
    runtime.permute_items(heap, runtime.heap_popped(heap))
    return heap.pop()


def heapify(heap: list) -> None:
    """`heapq.heapify`"""
    runtime.permute_items(heap, runtime.heap_made(heap))


def heapreplace(heap: list, item: Any) -> Any:
    """`heapq.heapreplace`"""
    smallest = heap[0]
    heap[0] = item
    runtime.permute_items(heap, runtime.heap_replaced(heap))
    return smallest


def heappushpop(heap: list, item: Any) -> Any:
    """`heapq.heappushpop`"""
    if len(heap) > 0 and heap[0] < item:
        smallest = heap[0]
        heap[0] = item
        runtime.permute_items(heap, runtime.heap_replaced(heap))
        return smallest
    return item


def nlargest(n: int, iterable: Any, key: Any = None) -> list:
    """`heapq.nlargest`"""
    return sorted(iterable, key=key, reverse=True)[: max(n, 0)]


def nsmallest(n: int, iterable: Any, key: Any = None) -> list:
    """`heapq.nsmallest`"""
    return sorted(iterable, key=key)[: max(n, 0)]


def merge(*iterables: Any, key: Any = None, reverse: bool = False) -> list:
    """`heapq.merge` of sorted iterables"""
    items = []
    for iterable in iterables:
        items.extend(list(iterable))
    return sorted(items, key=key, reverse=reverse)


def insort_right(a: list, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> None:
    """`bisect.insort_right`"""
    a.insert(bisect.bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)


def insort_left(a: list, x: Any, lo: int = 0, hi: Any = None, *, key: Any = None) -> None:
    """`bisect.insort_left`"""
    a.insert(bisect.bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


def mean(data: Any) -> Any:
    """`statistics.mean`"""
    items = list(data)
    if len(items) == 0:
        raise statistics.StatisticsError("mean requires at least one data point")
    return math.fsum(items) / len(items)


def fmean(data: Any, weights: Any = None) -> Any:
    """`statistics.fmean`"""
    items = list(data)
    if len(items) == 0:
        raise statistics.StatisticsError("fmean requires at least one data point")
    if weights is None:
        return math.fsum(items) / len(items)
    shares = list(weights)
    if len(shares) != len(items):
        raise statistics.StatisticsError("data and weights must be the same length")
    return math.fsum([item * share for item, share in zip(items, shares)]) / math.fsum(shares)


def geometric_mean(data: Any) -> Any:
    """`statistics.geometric_mean`"""
    return math.exp(mean([math.log(item) for item in data]))


def harmonic_mean(data: Any) -> Any:
    """`statistics.harmonic_mean` without weights, of positive numbers"""
    items = list(data)
    return len(items) / math.fsum([1.0 / item for item in items])


def median(data: Any) -> Any:
    """`statistics.median`"""
    items = sorted(data)
    count = len(items)
    if count == 0:
        raise statistics.StatisticsError("no median for empty data")
    if count % 2 == 1:
        return items[count // 2]
    return (items[count // 2 - 1] + items[count // 2]) / 2


def median_low(data: Any) -> Any:
    """`statistics.median_low`"""
    items = sorted(data)
    return items[(len(items) - 1) // 2]


def median_high(data: Any) -> Any:
    """`statistics.median_high`"""
    items = sorted(data)
    return items[len(items) // 2]


def _spread(items: list, center: Any, count: int) -> Any:
    if count < 1:
        raise statistics.StatisticsError("more data points are required")
    middle = mean(items) if center is None else center
    return math.fsum([(item - middle) ** 2 for item in items]) / count


def variance(data: Any, xbar: Any = None) -> Any:
    """`statistics.variance`"""
    items = list(data)
    return _spread(items, xbar, len(items) - 1)


def pvariance(data: Any, mu: Any = None) -> Any:
    """`statistics.pvariance`"""
    items = list(data)
    return _spread(items, mu, len(items))


def stdev(data: Any, xbar: Any = None) -> Any:
    """`statistics.stdev`"""
    items = list(data)
    return math.sqrt(_spread(items, xbar, len(items) - 1))


def pstdev(data: Any, mu: Any = None) -> Any:
    """`statistics.pstdev`"""
    items = list(data)
    return math.sqrt(_spread(items, mu, len(items)))


STANDS_FOR: dict[Any, Any] = {
    heapq.heappush: heappush,
    heapq.heappop: heappop,
    heapq.heapify: heapify,
    heapq.heapreplace: heapreplace,
    heapq.heappushpop: heappushpop,
    heapq.nlargest: nlargest,
    heapq.nsmallest: nsmallest,
    heapq.merge: merge,
    bisect.insort_right: insort_right,
    bisect.insort_left: insort_left,
    statistics.mean: mean,
    statistics.fmean: fmean,
    statistics.geometric_mean: geometric_mean,
    statistics.harmonic_mean: harmonic_mean,
    statistics.median: median,
    statistics.median_low: median_low,
    statistics.median_high: median_high,
    statistics.variance: variance,
    statistics.pvariance: pvariance,
    statistics.stdev: stdev,
    statistics.pstdev: pstdev,
}
