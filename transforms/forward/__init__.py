"""Forward mode: a program becomes the program of its value and its tangent."""

from transforms.forward.sweep import tangent_program

__all__ = ["tangent_program"]
