"""The command line: `autodiff dump | check | rules`.  Exit status 0: all is well; 1: a gradient check failed; 2: the
command could not be carried out (wrong usage, no such function, refused program), with a message on standard error."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from autodiff.cli import check, dump, rules
from autodiff.cli.colours import highlight, wants_colour
from autodiff.cli.messages import describe
from autodiff.cli.targets import UsageError
from transforms.errors import AutodiffError

EPILOG = """\
examples:
  autodiff dump model.py:loss                           the function in the core language
  autodiff dump model.py:loss --grad                    its gradient, for arguments of any type
  autodiff dump model.py:loss --grad 0,1 --args 'np.ones(3), 2.0'
  autodiff dump model.py:loss --grad --grad --types float
  autodiff check model.py:loss --args 'np.ones(3), 2.0'
  autodiff rules np.sum
"""


def parser() -> argparse.ArgumentParser:
    """The argument parser with its subcommands."""
    top = argparse.ArgumentParser(
        "autodiff",
        description="Differentiate Python and NumPy programs; read the derivatives.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"autodiff {version()}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--traceback", action="store_true", help="show where in the program an error arose")

    shown = commands.add_parser("dump", parents=[common], help="print a function or its derivative", allow_abbrev=False)
    dump.add_options(shown)
    shown.set_defaults(action=run_dump)
    checked = commands.add_parser(
        "check", parents=[common], help="compare a gradient with differences of values", allow_abbrev=False
    )
    check.add_options(checked)
    listed = commands.add_parser(
        "rules", parents=[common], help="list the functions that have a derivative", allow_abbrev=False
    )
    listed.add_argument("name", nargs="?", help="only functions whose name contains this")
    listed.add_argument("--format", choices=("text", "markdown"), default="text")
    listed.add_argument("--source", action="store_true", help="show the rules themselves")
    listed.set_defaults(action=run_rules)
    for command in (shown, listed):
        command.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of the terminal")
        command.add_argument("--colour", "--color", choices=("auto", "always", "never"), default="auto")
    return top


def version() -> str:
    try:
        return importlib.metadata.version("autodiff")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def attach_positions(words: Sequence[str]) -> list[str]:
    """`--grad 0,1` as one word, so that `--grad file.py:f` does not take the target for a position.

    >>> attach_positions(["dump", "--grad", "m.py:f", "--grad", "0,1"])
    ['dump', '--grad=0', 'm.py:f', '--grad=0,1']
    """
    result: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in dump.TRANSFORMS:
            value = rest.pop(0) if rest and re.fullmatch(r"-?\d+(,-?\d+)*,?", rest[0]) else "0"
            word = f"{word}={value}"
        result.append(word)
    return result


def run_rules(options: argparse.Namespace) -> int:
    """List the supported functions; status 2 where none has the name asked for."""
    entries = rules.selected(options.name)
    if not entries:
        raise UsageError(f"no supported function is called {options.name!r}")
    text = rules.as_markdown(entries) if options.format == "markdown" else rules.as_text(entries)
    if options.source:
        text = "\n".join(source for entry in entries if (source := rules.template_source(entry)))
    write(text, options, is_python=options.source)
    return 0


def run_dump(options: argparse.Namespace) -> int:
    write(dump.program(options), options, is_python=True)
    return 0


def write(text: str, options: argparse.Namespace, is_python: bool) -> None:
    """Send text to where the options say (`-`: standard output), coloured where that is a terminal."""
    name = options.output if options.output not in (None, "-") else ""
    try:
        if name:
            Path(name).write_text(text, encoding="utf-8")
        elif is_python and wants_colour(sys.stdout, options.colour):
            send(highlight(text))
        else:
            send(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"cannot write {name or 'to standard output'}: {error.strerror}") from error


def send(text: str) -> None:
    """Write to standard output; letters that its encoding has not got as escapes."""
    if sys.stdout is None:
        raise UsageError("cannot write to standard output: it is closed")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()  # here, so that a closed pipe or a full disk is noticed here


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = parser().parse_args(attach_positions(sys.argv[1:] if arguments is None else arguments))
    try:
        return int(options.action(options))
    except BrokenPipeError:
        # The reader has gone (`autodiff dump ... | head`): nothing to tell, and nothing left to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the user's own program may raise anything: reported like what the project raises
        if options.traceback:
            traceback.print_exc()
            return 2
        return complain(str(error) if isinstance(error, UsageError | AutodiffError) else describe(error))


def complain(message: str) -> int:
    """Say on standard error what went wrong; the exit status for it."""
    if sys.stderr is not None:
        print(f"autodiff: error: {message}", file=sys.stderr)
    return 2
