"""Results as tables for people: on the terminal, as Markdown; and compared with the baseline.

A result is what tools/bench/run writes as JSON:
    {"about": {...}, "notes": [...],
     "runs": {"instructions": {"1": {"tine": {LINE: {"unit": U, "values": [V...]}},
                                     "linux": {...}}},
              "wall": {...}}}
A ratio says how many times better Tine is: Linux/Tine, or Tine/Linux of a rate ("MiB/s").
"""
import json
import re
import statistics

TOLERANCE = 0.03   # a line that lost more than this against the baseline is told
GRAIN = 2          # but not for less than this many units
WAYS = ("instructions", "wall")
# What the design wants at most, on 1 CPU: instructions and KiB; and fork flat within a tenth.
GOALS = {
    "null_syscall": 120, "pipe_round_trip": 3000, "mmap_touch_munmap": 3500, "anon_fault": 1200,
    "cow_fault": 1300, "fork_return_0MiB": 6000, "fork_exit_wait_0MiB": 20000,
    "fork_exec_wait_0MiB": 60000, "vfork_exec_wait_0MiB": 45000, "posix_spawn_wait_0MiB": 50000,
    "pthread_create_join": 15000, "sparse_memory_added_by_fork": 64,
    "regions_memory_added_by_fork": 64, "memory_at_prompt": 4096,
}
FLAT = {
    "fork_return_0MiB": r"fork_return_\d+MiB|sparse_fork_return|regions_fork_return",
    "fork_exit_wait_0MiB": r"fork_exit_wait_\d+MiB",
    "processes_fork_return_1": r"processes_fork_return_\d+",
}
FLAT_WITHIN = 0.10


def is_rate(unit):
    return unit.endswith("/s")


def median(entry):
    return statistics.median(entry["values"])


def spread(entry):
    """Half of the range of the values, in parts of their median."""
    middle = median(entry)
    return (max(entry["values"]) - min(entry["values"])) / 2 / middle if middle else 0.0


def times_better(tine, linux, unit):
    if not tine or not linux:
        return None
    return tine / linux if is_rate(unit) else linux / tine


def figures(result, way, cpus, kernel):
    """{line: {"unit", "values"}} of one kernel, perhaps empty."""
    return result["runs"].get(way, {}).get(cpus, {}).get(kernel, {})


def line_names(result, cpus):
    """All lines that any kernel printed, in their order."""
    names = {}
    for way in WAYS:
        for kernel in ("tine", "linux"):
            names.update(dict.fromkeys(figures(result, way, cpus, kernel)))
    return list(names)


# ---- Numbers -------------------------------------------------------------------------------------

def count_text(value, unit):
    """Instructions, KiB, MiB/s: whole numbers."""
    return f"{round(value):,}" + ("" if unit.startswith("ns") else " " + unit)


def time_text(value, unit):
    """A time in the unit in which it has one to three digits before the point."""
    if not unit.startswith("ns"):
        return count_text(value, unit)
    for limit, divisor, name in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if value < limit:
            return f"{value / divisor:.3g} {name}" if divisor > 1 else f"{round(value)} ns"
    return f"{value / 1e9:.3g} s"


def ratio_text(ratio):
    if ratio is None:
        return ""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def entry_of(result, way, cpus, kernel, name):
    """A figure, or None. Memory is shown once, on the left, however it was measured."""
    entry = figures(result, way, cpus, kernel).get(name)
    other = figures(result, "wall", cpus, kernel).get(name)
    if (entry or other or {}).get("unit") == "KiB":
        return (entry or other) if way == "instructions" else None
    return entry


def row(result, cpus, name):
    """The cells of a line: name; Tine, Linux, ratio by instructions; the same by the clock."""
    cells = [name]
    for way in WAYS:
        tine, linux = (entry_of(result, way, cpus, k, name) for k in ("tine", "linux"))
        ratio = None
        for entry in (tine, linux):
            if entry is None:
                cells.append("")
            elif way == "instructions":
                cells.append(count_text(median(entry), entry["unit"]))
            else:
                noise = f" ±{100 * spread(entry):.0f}%" if len(entry["values"]) > 1 else ""
                cells.append(time_text(median(entry), entry["unit"]) + noise)
        if tine and linux:
            ratio = times_better(median(tine), median(linux), tine["unit"])
        cells.append(ratio_text(ratio))
    return cells


# ---- Tables --------------------------------------------------------------------------------------

HEAD = ["", "Tine", "Linux", "times", "Tine", "Linux", "times"]


def terminal_table(result, cpus, note=""):
    rows = [HEAD] + [row(result, cpus, name) for name in line_names(result, cpus)]
    width = [max(len(r[i]) for r in rows) for i in range(len(HEAD))]
    gap = [0, 2, 2, 2, 4, 2, 2]
    left = sum(width[:4]) + sum(gap[:4])

    def text(cells):
        padded = [cells[0].ljust(width[0])]
        padded += [" " * gap[i] + cells[i].rjust(width[i]) for i in range(1, len(cells))]
        return "".join(padded).rstrip()

    title = f"{cpus} CPU" + ("s" if cpus != "1" else "")
    over = title.ljust(width[0]) + "instructions".rjust(left - width[0])
    over += "wall clock, TCG".rjust(sum(width[4:]) + sum(gap[4:]))
    return "\n".join([over, *map(text, rows)]) + "\n" + note


def markdown_table(result, cpus, names=None):
    ways = [way for way in WAYS if cpus in result["runs"].get(way, {})]
    head = ["line"]
    for way in ways:
        title = "instructions" if way == "instructions" else "wall clock"
        head += [f"Tine, {title}", "Linux", "times better"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name in names or line_names(result, cpus):
        cells = row(result, cpus, name)
        cells = [f"`{cells[0]}`"] + [c for i, way in enumerate(WAYS) if way in ways
                                     for c in cells[1 + 3 * i:4 + 3 * i]]
        if any(cells[1:]):
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def markdown(result, plots):
    """The page docs/bench/results.md: where it was measured, tables, plots."""
    about = result["about"]
    parts = ["# Tine and Linux, measured side by side\n",
             "Written by `make bench-record`; do not edit. `make bench` measures the same again: "
             "one static program\n(tests/bench) and one root archive, on both kernels, in the same "
             "QEMU. The columns \"instructions\"\ncount guest instructions, which repeat; "
             "\"wall clock\" is real time under TCG: medians, and half\nof the range. What each "
             "line means stands above its function in tests/bench.\n",
             "Both kernels use pages of 4 KiB: the programs ask Linux not to use huge ones. With "
             "them, Linux 6.1\nunmaps 1 GiB in 7.2 million instructions, and a fork of 1 GiB returns "
             "after 2.8 million.\n",
             "The guest's processor has ERMS, so Linux clears and copies pages by `rep stosb` and "
             "`rep movsb`, which\nQEMU counts once a byte. Without (`CPU=max,-erms,-fsrm make bench`) "
             "Linux 6.1 needs less: fork_return\n44,430, anon_fault 3,192, cow_fault 4,296, "
             "fork_exec_wait 238,394; Tine is the same on both.\n"]
    parts.append("\n".join(f"- {key}: {value}" for key, value in about.items()) + "\n")
    parts += [f"![{title}]({file})\n" for title, file in plots]
    for cpus in sorted({c for way in WAYS for c in result["runs"].get(way, {})}, key=int):
        parts.append(f"## {cpus} CPU{'s' if cpus != '1' else ''}\n")
        parts.append(markdown_table(result, cpus))
    if result["notes"]:
        parts.append("## Notes\n")
        parts.append("\n".join("- " + note for note in result["notes"]) + "\n")
    return "\n".join(parts)


# ---- The baseline --------------------------------------------------------------------------------

def baseline_of(result):
    """What is kept in the repository: Tine's instructions."""
    lines = {}
    for cpus, kernels in result["runs"].get("instructions", {}).items():
        lines[cpus] = {name: {"value": median(entry), "unit": entry["unit"]}
                       for name, entry in kernels.get("tine", {}).items()}
    return {"about": result["about"], "lines": lines}


def baseline_text(baseline):
    """As JSON with a figure a line, so that a diff shows which ones moved."""
    tables = (f' "{cpus}": {{\n' + ",\n".join(f'  "{name}": {json.dumps(entry)}'
                                             for name, entry in lines.items()) + "\n }"
              for cpus, lines in baseline["lines"].items())
    return ('{"about": ' + json.dumps(baseline["about"], indent=1) + ',\n"lines": {\n' +
            ",\n".join(tables) + "\n}}\n")


def loss(old, new, unit):
    """The part that was lost: 0.04 is 4 % slower. Below 0 it was won."""
    if not old:
        return 0.0
    return (old - new) / old if is_rate(unit) else (new - old) / old


def compare(result, baseline, whole=True):
    """Warnings: lines that lost, and, of a whole run, those that are missing or new."""
    warnings = []
    for cpus, old_lines in baseline["lines"].items():
        new_lines = figures(result, "instructions", cpus, "tine")
        if not new_lines:
            continue
        where = f"{cpus} CPU" + ("s" if cpus != "1" else "")
        for name, old in old_lines.items():
            if name not in new_lines:
                if whole:
                    warnings.append(f"{name}, {where}: in the baseline, but not measured now")
                continue
            new = median(new_lines[name])
            lost = loss(old["value"], new, old["unit"])
            if lost > TOLERANCE and abs(new - old["value"]) > GRAIN:
                warnings.append(f"{name}, {where}: lost {100 * lost:.1f} %: {old['value']:,} in "
                                f"the baseline, {round(new):,} now")
        if whole:
            warnings += [f"{name}, {where}: not in the baseline yet"
                         for name in new_lines if name not in old_lines]
    return warnings


def missed_goals(result):
    """(number of goals looked at, those that were missed), by instructions on 1 CPU."""
    lines = {**figures(result, "wall", "1", "tine"), **figures(result, "instructions", "1", "tine")}
    values = {name: median(entry) for name, entry in lines.items()
              if entry["unit"] == "KiB" or name in figures(result, "instructions", "1", "tine")}
    limits = {name: goal for name, goal in GOALS.items() if name in values}
    for first, pattern in FLAT.items():
        if first in values:
            limits.update({name: values[first] * (1 + FLAT_WITHIN) for name in values
                           if re.fullmatch(pattern, name) and name not in GOALS and name != first})
    return len(limits), [f"{name}: {round(values[name]):,}, the design wants {round(limit):,}"
                         for name, limit in limits.items() if values[name] > limit]


def behind_linux(result):
    """Lines in which Linux is ahead, each with its way and CPUs. Not *_memory_mapped: the processor
    wants these tables of both, and Linux's count of free memory is coarse."""
    found = []
    for way in WAYS:
        for cpus in result["runs"].get(way, {}):
            linux = figures(result, way, cpus, "linux")
            for name, entry in figures(result, way, cpus, "tine").items():
                other = None if name.endswith("_memory_mapped") else linux.get(name)
                ratio = times_better(median(entry), median(other), entry["unit"]) if other else None
                if ratio is not None and ratio < 1:
                    found.append(f"{name}, {way}, {cpus} CPU{'s' if cpus != '1' else ''}: "
                                 f"{ratio:.2f} times Linux")
    return found
