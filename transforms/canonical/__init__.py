"""From a gast tree to core form: `lower(tree, environment)` and conveniences."""

from transforms.canonical.environment import Data, DictEnvironment, Environment, is_code
from transforms.canonical.lower import lower, lower_source, lower_template

__all__ = ["Data", "DictEnvironment", "Environment", "is_code", "lower", "lower_source", "lower_template"]
