"""``delid replay`` over many recordings: progress, results in order, what is kept when a person stops it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from delid.replay.many import Judged, ManyOptions, ManyReplays, Setup, Source, Tally

STOPPED = 130
"""What a shell gives for a program that Ctrl-C ended."""
SHOWN_ASIDE = 20
Show = Callable[[Judged], None]


class _Rate(ProgressColumn):
    """Recordings in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


def judge_many(
    sources: Sequence[Source], setup: Setup, options: ManyOptions, show: Show, *, quiet: bool = False
) -> tuple[Tally, bool]:
    """Judge every source and ``show`` each in order; the counts, and whether a person stopped it."""
    stopped = False
    with _progress(quiet) as progress:
        task = progress.add_task("", total=len(sources), words="")

        def on_done(_: Judged) -> None:
            progress.update(task, completed=many.tally.done, words=_words(many.tally))

        many = ManyReplays(sources, setup, options, on_done)
        progress.update(task, completed=many.tally.done)
        try:
            for judged in many:
                show(judged)
        except KeyboardInterrupt:
            stopped = True
    if not quiet:
        for line in _closing(many.tally, options, stopped):
            typer.echo(line, err=True)
    return many.tally, stopped


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """A bar on the terminal; nothing where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("replayed"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    watched = console.is_terminal and not quiet
    # What is printed meanwhile goes over the bar, unless it goes elsewhere.
    both = watched and sys.stdout.isatty()
    with Progress(*columns, console=console, disable=not watched, redirect_stdout=both, redirect_stderr=both) as found:
        yield found


def _words(tally: Tally) -> str:
    parts = [f"{tally.differ} differ" if tally.differ else "", f"{len(tally.aside)} set aside" if tally.aside else ""]
    return ", ".join(part for part in parts if part)


def _closing(tally: Tally, options: ManyOptions, stopped: bool) -> Iterator[str]:
    before = f", {tally.before} of them done before" if tally.before else ""
    yield f"{tally.done} of {tally.total} replayed{before}: {tally.equal} equal, {tally.differ} differ, " + (
        f"{len(tally.aside)} set aside"
    )
    for url in tally.aside[:SHOWN_ASIDE]:
        yield f"  set aside: {url}"
    if len(tally.aside) > SHOWN_ASIDE:
        yield f"  and {len(tally.aside) - SHOWN_ASIDE} more"
    if stopped and options.results is not None:
        yield f"Stopped. What is done stands in {options.results}; go on with --resume."
    elif stopped:
        yield "Stopped. Nothing was kept; with --results FILE it can be gone on with."
