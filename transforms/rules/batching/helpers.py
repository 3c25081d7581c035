"""Batches of the helpers of `transforms.runtime` that derivatives call."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

# ------------------------------------------------------------------------------- what moves through containers as it is

facts(runtime.snapshot, runtime.share, native="x shadow")
facts(runtime.zeros, runtime.zeros_of_copy, runtime.zeros_of, runtime.ones, runtime.structure, native="x")
facts(runtime.no_tangent, native="x")
facts(runtime.own_tangent, native="t")
facts(runtime.common_length, runtime.is_number, is_shared=True)
facts(runtime.add, native="a b")
facts(runtime.filled, runtime.finish, native="g_in x")
facts(runtime.alone, native="g_in x")
facts(runtime.fitted, native="cotangent value")
facts(runtime.add_into, native="shadow g_in")
facts(runtime.make_record, native="items")
facts(runtime.put_stored, native="shadow g_in")
facts(runtime.take_stored, native="shadow stored")
facts(runtime.insert_back, native="items item")
facts(runtime.pop_inserted, native="self")
facts(runtime.relist, native="cotangent x")
facts(runtime.repeat_sequence, runtime.reordered, runtime.reordered_back, native="items")
facts(runtime.first_items, native="cotangent a")
facts(runtime.last_items, native="cotangent b")
facts(runtime.items_moved, by_sample=True)
facts(runtime.dict_parts, native="cotangent keys_and_values")
facts(runtime.dict_of_parts, native="parts keys_and_values")
facts(runtime.items_with_zeros, runtime.values_by_keys, runtime.items_by_keys, native="table")
facts(runtime.dict_like, runtime.dict_like_items, native="cotangent self")
facts(runtime.pairs_of, native="g_in")
facts(runtime.return_item, runtime.return_attribute, runtime.merge, native="shadow other")
facts(runtime.accumulate, runtime.put_changed, native="shadow g")
facts(runtime.exchange, native="shadow new")
facts(runtime.take_changed, runtime.drained, native="shadow")
facts(runtime.rebound, runtime.accumulated, native="shadow x")
facts(
    runtime.added_part,
    runtime.from_added_part,
    runtime.repack,
    runtime.repack_star,
    runtime.unsequence,
    runtime.pad_items,
    runtime.sum_repeated,
    runtime.repeat_to_length,
    runtime.unget,
    runtime.unget_default,
    runtime.unsum,
    runtime.sum_items,
    runtime.undist,
    runtime.unhypot,
    runtime.hypot_tangent,
    runtime.unchoose_extreme,
    runtime.choose_extreme,
    runtime.unsort,
    runtime.resort,
    runtime.uncast,
    runtime.recast,
    runtime.unarray,
    runtime.unitem,
    runtime.unpack_like,
    by_sample=True,
)


@batching(runtime.sequence, runtime.reversible)
def sequence(iterable, *, batched):
    return runtime.items_of_samples(iterable)


@batching(runtime.join_sequences)
def join_sequences(a, b, *, batched):
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return runtime.each_of(runtime.join_sequences, (a, b), batched, ("a", "b"))
    return runtime.join_sequences(a, b)


@batching(runtime.add_item)
def add_item(buffer, index, g_in, *, batched):
    if isinstance(buffer, np.ndarray):
        runtime.at_samples(np.add.at, buffer, index, g_in, runtime.parts(batched, "index"), "g_in" in batched)
    else:
        runtime.add_item(buffer, index, g_in)


@batching(runtime.tangent_like)
def tangent_like(t, x, *, batched):
    if isinstance(t, (list, tuple, dict)):
        return t
    return runtime.broadcast_samples(t, runtime.one_sample(x) if "x" in batched else x)


@batching(runtime.tangent_to_store)
def tangent_to_store(t, owner, *, batched):
    if isinstance(owner, np.ndarray) and owner.dtype.kind not in "fcO":
        return np.zeros(len(t))
    return t


@batching(runtime.store_tangent)
def store_tangent(place, t, x, *, batched):
    if isinstance(place, np.ndarray):
        place[...] = runtime.aligned(t, np.ndim(place) - 1) if "t" in batched else t
        return place
    return t


# ----------------------------------------------------------------------------------------------------- arrays, exactly

facts(runtime.exclusive_product, runtime.shift, native="x")
facts(runtime.undiff, runtime.undirection, by_sample=True)
facts(
    runtime.pull,
    runtime.push,
    runtime.scatter,
    runtime.untake,
    runtime.untake_along_axis,
    runtime.unpermute,
    runtime.permuted,
    runtime.unchoose,
    runtime.unselect,
    runtime.unrepeat_values,
    runtime.repeat_values,
    runtime.unput,
    runtime.put_into,
    runtime.unput_along_axis,
    runtime.put_along_axis_into,
    runtime.unputmask,
    runtime.putmask_into,
    runtime.uncopy,
    runtime.copy_into,
    runtime.unconcatenate,
    runtime.unstack_items,
    runtime.unvstack,
    runtime.unhstack,
    runtime.undstack,
    runtime.uncolumn_stack,
    runtime.unblock,
    runtime.unappend,
    runtime.uninsert,
    runtime.undelete,
    runtime.matmul_left,
    runtime.matmul_right,
    runtime.dot_left,
    runtime.dot_right,
    runtime.inner_left,
    runtime.inner_right,
    runtime.outer_left,
    runtime.outer_right,
    runtime.tensordot_left,
    runtime.tensordot_right,
    runtime.kron_left,
    runtime.kron_right,
    runtime.cross_left,
    runtime.convolution_window,
    runtime.convolution_part,
    runtime.correlation_window,
    runtime.correlation_part,
    runtime.merge_axes,
    runtime.split_axes,
    runtime.reverse_cumsum,
    runtime.expand_weights,
    runtime.reduce_weights,
    runtime.unbroadcast_each,
    runtime.reshape_each,
    runtime.reshape_results,
    runtime.unrepeat,
    runtime.untile,
    runtime.unpad,
    runtime.repad,
    runtime.undiagonal,
    runtime.diagonal_view,
    runtime.untrace,
    runtime.unmeshgrid,
    runtime.remeshgrid,
    runtime.pairing,
    runtime.unbroadcast_value,
    by_sample=True,
)


@batching(runtime.recurrence)
def recurrence(a, b, reverse=False, *, batched):
    rank = runtime.sample_rank(("a" in batched, "b" in batched), a, b)
    if "a" in batched:
        a = runtime.aligned(a, rank)
    if "b" in batched:
        b = runtime.aligned(b, rank)
    return runtime.recurrence(np.broadcast_to(a, np.broadcast_shapes(np.shape(a), np.shape(b))), b, reverse)


@batching(runtime.centered)
def centered(x, axis=None, where=True, *, batched):
    if "where" in batched:
        return runtime.each(runtime.centered, (0, 2) if "x" in batched else (2,), x, axis, where)
    return runtime.centered(x, runtime.inner_axes(x, axis), where)


@batching(runtime.unbroadcast)
def unbroadcast(cotangent, x, *, batched):
    if isinstance(x, (list, tuple)) or isinstance(cotangent, (list, tuple)):
        return runtime.each_of(runtime.unbroadcast, (cotangent, x), batched, ("cotangent", "x"))
    return runtime.unbroadcast_samples(cotangent, runtime.one_sample(x) if "x" in batched else x)


@batching(runtime.broadcast_like)
def broadcast_like(cotangent, x, *, batched):
    if isinstance(x, (list, tuple)):
        return runtime.each_of(runtime.broadcast_like, (cotangent, x), batched, ("cotangent", "x"))
    return runtime.broadcast_samples(cotangent, runtime.one_sample(x) if "x" in batched else x)


@batching(runtime.match_dtype)
def match_dtype(cotangent, x, *, batched):
    return runtime.match_dtype(cotangent, np.asarray(x))


@batching(runtime.reshape_like)
def reshape_like(cotangent, x, *, batched):
    if isinstance(x, (list, tuple)):
        return runtime.each_of(runtime.reshape_like, (cotangent, x), batched, ("cotangent", "x"))
    shape = runtime.sample_shape(x) if "x" in batched else np.shape(x)
    return np.reshape(cotangent, (len(cotangent), *shape))


@batching(runtime.expand_reduced)
def expand_reduced(cotangent, x, axis=None, keepdims=False, *, batched):
    if isinstance(x, (list, tuple)):
        return runtime.each_of(
            runtime.expand_reduced, (cotangent, x, axis, keepdims), batched, ("cotangent", "x", "axis", "keepdims")
        )
    whole = x if "x" in batched else runtime.spread(x, cotangent)
    return runtime.expand_reduced(cotangent, whole, runtime.inner_axes(whole, axis), keepdims)


@batching(runtime.sum_reduced)
def sum_reduced(cotangent, x, axis=None, keepdims=False, *, batched):
    return np.sum(cotangent, axis=runtime.inner_axes(cotangent, axis), keepdims=bool(keepdims))


@batching(runtime.read)
def read(x, index, *, batched):
    return np.array(runtime.gather(x, index, "x" in batched, runtime.parts(batched, "index")))


@batching(runtime.clear_at)
def clear_at(buffer, index, *, batched):
    runtime.put_samples(buffer, index, 0, runtime.parts(batched, "index"), False)


@batching(runtime.add_at)
def add_at(buffer, index, cotangent, *, batched):
    runtime.at_samples(np.add.at, buffer, index, cotangent, runtime.parts(batched, "index"), "cotangent" in batched)


facts(runtime.scaled, by_element=True)
