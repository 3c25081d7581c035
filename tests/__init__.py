"""The tests of the project; they mirror the source tree."""
