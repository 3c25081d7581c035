"""Forward mode: a program becomes the program of its value and its tangent."""

from transforms.forward.sweep import tangent_program, tangent_value

__all__ = ["tangent_program", "tangent_value"]
