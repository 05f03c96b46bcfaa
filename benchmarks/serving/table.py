"""The figures as a table in Markdown, and the bars that they are held to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.serving.rounds import CLIENTS, Series

FLOOR, MLFLOW, MYSQL, SQLITE = "empty handler (the floor)", "`mlflow models serve`", "ours, MySQL 9.7", "ours, SQLite"
SHADOW = "ours, SQLite, with a shadow"


@dataclass(frozen=True)
class Bar:
    """A share of another's rate, or a 99th percentile in milliseconds, that was promised at so many clients."""

    name: str
    clients: int
    least_share: float | None = None
    of: str = FLOOR
    most_p99: float | None = None

    def told(self, series: Mapping[str, Series]) -> tuple[bool, str]:
        """Whether it holds, in a line."""
        mine = series[self.name]
        if self.most_p99 is not None:
            found, wanted = f"p99 {mine.p99(self.clients):.1f} ms", f"under {self.most_p99:.0f} ms"
            holds = mine.p99(self.clients) < self.most_p99
        else:
            share = mine.rate(self.clients) / series[self.of].rate(self.clients)
            found, wanted = f"{share:.2f} x {self.of}", f"at least {self.least_share} x"
            holds = share >= (self.least_share or 0)
        return holds, f"{'pass' if holds else 'FAIL'}: {self.name} at {self.clients} clients: {found} ({wanted})"


BARS = (
    Bar(MYSQL, 16, least_share=0.28),
    Bar(MYSQL, 16, most_p99=30),
    Bar(MYSQL, 64, least_share=0.42),
    Bar(SQLITE, 16, least_share=0.38),
    Bar(SQLITE, 64, least_share=0.6),
    *(Bar(SHADOW, clients, least_share=0.6, of=SQLITE) for clients in (16, 64)),
    *(Bar(name, clients, least_share=30, of=MLFLOW) for name in (MYSQL, SQLITE) for clients in (16, 64)),
)


def rows(series: Mapping[str, Series]) -> Iterator[str]:
    """The lines of the table: medians over the rounds; a share of the floor where the floor was measured."""
    yield "| what | clients | req/s | x floor | p50 (ms) | p99 (ms) | not 200 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, one in series.items():
        for clients in CLIENTS:
            share = f"{one.rate(clients) / series[FLOOR].rate(clients):.2f}" if FLOOR in series else "-"
            times = f"{one.p50(clients):.1f} | {one.p99(clients):.1f}"
            yield f"| {name} | {clients} | {one.rate(clients):,.0f} | {share} | {times} | {one.failed(clients)} |"


def verdicts(series: Mapping[str, Series]) -> list[tuple[bool, str]]:
    """Each bar whose subjects were measured, and each thing that went wrong."""
    bars = [bar.told(series) for bar in BARS if bar.name in series and bar.of in series]
    return bars + [(False, f"FAIL: {name}: {problem}") for name, one in series.items() for problem in one.problems]
