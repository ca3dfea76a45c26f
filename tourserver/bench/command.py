"""``tourserver bench``: figures to be compared on the machine where they were taken."""

from __future__ import annotations

import json

import click

PEERS = ("floor", "stock", "node")


@click.group()
def bench() -> None:
    """Measure this machine: starts servers of its own on free ports of 127.0.0.1 and ends them."""


@bench.command()
@click.option("--participants", type=click.IntRange(1, 20_000), default=2000, show_default=True)
@click.option("--rate", type=click.FloatRange(0.1, 10), default=10.0, show_default=True, help="Views a second.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True)
@click.option("--peer", "peers", type=click.Choice(PEERS), multiple=True, help="Measured in the same run; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def live(participants: int, rate: float, seconds: float, peers: tuple[str, ...], as_json: bool) -> None:
    """The live room: a guide's view to so many followers, and the storm of their joining."""
    from tourserver.bench.live import Load, run

    found = run(Load(participants, rate, seconds), list(peers))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name in ("tourserver", *peers):
        one = found[name]
        click.echo(
            f"{name:>10}: {one['delivered_per_cpu_s']} messages per CPU second, p50 {one['p50_ms']} ms, "
            f"p99 {one['p99_ms']} ms, all in after {one['join_s']} s, {one['kb_per_connection']} kB a connection, "
            f"{one['lost']} lost, {one['duplicated']} doubled"
        )


@bench.command()
@click.option(
    "--participants", type=click.IntRange(1, 20_000), default=1000, show_default=True, help="In the guided room."
)
@click.option("--lines", type=click.IntRange(1, 2000), default=50, show_default=True, help="That flood the other room.")
@click.option("--rate", type=click.FloatRange(0.1, 10), default=10.0, show_default=True, help="Views a second.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True, help="Of each part.")
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True, help="Of a still and a loud part.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def neighbours(participants: int, lines: int, rate: float, seconds: float, rounds: int, as_json: bool) -> None:
    """Two rooms: what a flood of commands in one does to the view and to questions in the other."""
    from tourserver.bench.live import Load, run_neighbours

    found = run_neighbours(Load(participants, rate, seconds), lines=lines, rounds=rounds)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name in ("still", "loud"):
        one = found[name]
        click.echo(
            f"{name:>10}: view p50 {one['view_p50_ms']} ms, p99 {one['view_p99_ms']} ms; "
            f"question p50 {one['ask_p50_ms']} ms, p99 {one['ask_p99_ms']} ms"
        )
    click.echo(
        f"view p99, loud to still: {found['view_p99_ratio']}; {found['flood_per_s']} commands a second were sent"
    )


@bench.command()
@click.option("--participants", type=click.IntRange(1, 20_000), default=2000, show_default=True)
@click.option("--questions", type=click.FloatRange(0.1, 100), default=20.0, show_default=True, help="Asked a second.")
@click.option("--votes", type=click.FloatRange(0, 2000), default=200.0, show_default=True, help="Given a second.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=60.0, show_default=True)
@click.option("--database-url", default="", help="An empty PostgreSQL database; SQLite without it.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def commands(
    participants: int, questions: float, votes: float, seconds: float, database_url: str, as_json: bool
) -> None:
    """The command path: questions and votes, from being sent to being acknowledged, and to being seen by all."""
    from tourserver.bench.live import Load, run_commands

    load = Load(participants, 1, seconds)
    found = run_commands(load, questions=questions, votes=votes, database_url=database_url)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name in ("ask", "vote", "approve"):
        one = found[name]
        click.echo(f"{name:>10}: {one['acknowledged']} acknowledged, p50 {one['p50_ms']} ms, p99 {one['p99_ms']} ms")
    click.echo(
        f"seen by all: {found['seen_by_all']} of {found['approved']}, p50 {found['seen_by_all_p50_ms']} ms, "
        f"p99 {found['seen_by_all_p99_ms']} ms; {found['refused']} refused, {found['doubled']} doubled"
    )
