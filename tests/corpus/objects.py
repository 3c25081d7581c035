"""Lists of objects: what methods change in them, and lists that share them."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests.corpus import register


@dataclasses.dataclass
class Planet:
    """A body in the plane, which remembers where it was."""

    position: np.ndarray
    velocity: np.ndarray
    mass: float = 1.0
    trail: list = dataclasses.field(default_factory=list)

    def kick(self, force, dt):
        self.velocity = self.velocity + force / self.mass * dt

    def drift(self, dt):
        self.trail.append(self.position.copy())
        self.position += self.velocity * dt


def bodies_that_attract(x0, masses):
    bodies = [Planet(x.copy(), np.zeros(2), m) for x, m in zip(x0, masses)]
    for _ in range(3):
        for i, body in enumerate(bodies):
            force = np.zeros(2)
            for other in bodies[:i] + bodies[i + 1 :]:
                d = other.position - body.position
                force += body.mass * other.mass * d / (d @ d + 0.1) ** 1.5
            body.kick(force, 0.05)
        for body in bodies:
            body.drift(0.05)
    energy = sum(0.5 * body.mass * (body.velocity @ body.velocity) for body in bodies)
    return energy + sum(float(np.linalg.norm(place)) for body in bodies for place in body.trail)


register(
    bodies_that_attract,
    (np.array([[0.3, -0.2], [1.1, 0.4], [-0.6, 0.9]]), np.array([1.0, 2.0, 0.5])),
    wrt=(0, 1),
)


@dataclasses.dataclass
class Grower:
    """Its one number is changed by a method."""

    number: float

    def grow(self, by):
        self.number = self.number + by


def counters_in_a_list(x):
    counters = [Grower(v) for v in x]
    for counter in counters:
        counter.grow(counter.number**2)
    return sum([counter.number for counter in counters])


register(counters_in_a_list, (np.array([0.5, -1.5, 2.0]),), gradient=lambda x: 1 + 2 * x)


class Meter:
    """What it shows is its number times a rate."""

    rate = 2.0

    def __init__(self, number):
        self.number = number

    @property
    def shown(self):
        return self.number * self.rate


class ShiftedMeter(Meter):
    rate = 3.0

    @property
    def shown(self):
        return super().shown + self.number**2


def property_of_the_parent(x):
    return ShiftedMeter(x).shown * Meter(x).shown


register(property_of_the_parent, (0.7,), gradient=lambda x: 12 * x + 6 * x * x)


class Accumulator:
    """A controller whose state is a tuple, which it replaces at each step and keeps a record of."""

    def __init__(self):
        self.state = (0.0, 0.0)
        self.record = []

    def step(self, error):
        total, last = self.state
        self.state = (total + error, error)
        self.record.append(self.state)
        return total - last


def states_of_a_controller(k):
    controller = Accumulator()
    for t in range(1, 4):
        controller.step(k * t)
    return sum(total * error for total, error in controller.record)


register(states_of_a_controller, (0.7,), gradient=lambda k: 50 * k)


def output_of_a_controller(k):
    controller, y = Accumulator(), 1.0
    for t in range(1, 4):
        y = y + controller.step(k * t) * k
    return y


register(output_of_a_controller, (0.7,), gradient=lambda k: 2 * k)


def nested_state_replaced(k, n):
    holder, kept = Accumulator(), []
    holder.state = (k, (1.0, k))
    for t in range(n):
        holder.state = (k, (1.0 * t, k * t))
        if t > 1:
            kept.append(holder.state)
    return sum(state[0] * state[1][1] + state[1][0] for state in kept)


register(nested_state_replaced, (0.7, 4), gradient=lambda k, n: 10 * k)


def tuples_put_in_and_taken_out(k, n):
    items, table, s = [], {}, 0.0
    for t in range(n):
        items.append((k * t, k + t))
        table["last"] = items[-1]
        if t % 2:
            items.pop()
            s += table["last"][0]
            del table["last"]
    return s + sum(a * b for a, b in items)


register(tuples_put_in_and_taken_out, (0.7, 4), gradient=lambda k, n: 8 + 4 * k)


def window_over_an_attribute(x):
    holder = Accumulator()
    holder.state = (x, 1.0)
    for t in range(3):
        holder.state = holder.state[1:] + (x * t,)
    holder.state = tuple(v + 1.0 for v in holder.state)
    return holder.state[0] * holder.state[-1]


register(window_over_an_attribute, (0.7,), gradient=lambda x: 4 * x + 3)


def oldest_states_deleted(x):
    holder = Accumulator()
    holder.state = (x, 1.0)
    for t in range(3):
        holder.state = (1.0 * t, holder.state[0] * x)
        if len(holder.record) > 1:
            del holder.record[0]
        holder.record.append(holder.state)
    return sum(state[1] for state in holder.record) * x + holder.state[0] * holder.state[1]


register(oldest_states_deleted, (0.7,), gradient=lambda x: 2 * x + 2)


def looked_up_in_an_empty_record(x):
    holder = Accumulator()
    try:
        holder.state = (x, holder.record[5][0])
    except IndexError:
        holder.state = (x, holder.state[1] + x)
    for _ in range(2):
        holder.record = [(q, p * x) for p, q in holder.record] + [holder.state]
    return sum(p * q for p, q in holder.record)


register(looked_up_in_an_empty_record, (0.7,), gradient=lambda x: 3 * x**2 + 2 * x)
