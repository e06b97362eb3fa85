"""Plots of fork's latency, over the size of the process and over the number of processes.

By gnuplot (Debian: gnuplot-nox, 4 packages; matplotlib would bring 60): SVG for documents, PNG for
slides; log axes, type that can be read from the last row. Without gnuplot there are no plots, and
the tables come all the same.
"""
import os
import re
import shutil
import statistics
import subprocess

HOW = "no plots: gnuplot is not installed (apt-get install gnuplot-nox)"
COLOURS = {"tine": ("Tine", "#0072b2", 7), "linux": ("Linux", "#d55e00", 5)}  # told apart by all
ZERO_MIB = 4       # where a log axis shows the process of 0 MiB
AXES = {
    "fork_size": {
        "line": r"fork_return_(\d+)MiB", "x": "memory of the process that forks",
        "over": "the size of the process",
        "tics": '("0" 4, "16 MiB" 16, "64" 64, "256" 256, "1 GiB" 1024, "4 GiB" 4096)',
        "range": "[3:6000]"},
    "fork_processes": {
        "line": r"processes_fork_return_(\d+)", "x": "other processes alive",
        "over": "the number of processes",
        "tics": '("1" 1, "10" 10, "100" 100, "1,000" 1000, "10,000" 10000)',
        "range": "[0.7:15000]"},
}
WAYS = {"instructions": ("guest instructions until fork returns", 1, "%.0s%c"),
        "wall": ("time until fork returns, under TCG", 1e9, "%.0s %cs")}
TERMINALS = {
    "svg": 'svg size 1280,720 font "Helvetica,26" background "#ffffff" linewidth 1.5',
    "png": 'pngcairo size 1920,1080 font "Sans,30" linewidth 3',
}


def points(lines, pattern):
    """[(x, median)] of the lines whose names match."""
    found = []
    for name, entry in lines.items():
        match = re.fullmatch(pattern, name)
        if match:
            found.append((int(match.group(1)) or ZERO_MIB, statistics.median(entry["values"])))
    return sorted(found)


def script(axis, way, kernels, terminal, out):
    """gnuplot's commands for one plot of {kernel: points}, or None: nothing to show."""
    label, divisor, numbers = WAYS[way]
    data, curves = "", []
    for kernel, (title, colour, mark) in COLOURS.items():
        if kernels.get(kernel):
            data += f"${kernel} << EOD\n" + "".join(f"{x} {y / divisor:.9g}\n"
                                                   for x, y in kernels[kernel]) + "EOD\n"
            curves.append(f'${kernel} with linespoints linewidth 3 pointtype {mark} pointsize 1.5 '
                          f'linecolor rgb "{colour}" title "{title}"')
    if not curves:
        return None
    return f"""set terminal {terminal}
set output "{out}"
set logscale xy
set xrange {axis["range"]}
set xtics {axis["tics"]} nomirror
set xlabel "{axis["x"]}"
set ylabel "{label}"
set format y "{numbers}"
set yrange [*:*]
set offsets graph 0, graph 0, graph 0.12, graph 0
set ytics nomirror
set grid ytics linecolor rgb "#b0b0b0" linewidth 0.5
set border 3
set key left top Left reverse
{data}plot {", ".join(curves)}
"""


def make(result, folder, cpus="1"):
    """Writes the plots. Returns [(title, path of the SVG)] and a note if there are none."""
    gnuplot = shutil.which("gnuplot")
    if not gnuplot:
        return [], HOW
    made = []
    for name, axis in AXES.items():
        for way in WAYS:
            run = result["runs"].get(way, {}).get(cpus, {})
            kernels = {kernel: points(run.get(kernel, {}), axis["line"]) for kernel in COLOURS}
            for kind, terminal in TERMINALS.items():
                out = os.path.join(folder, f"{name}_{way}.{kind}")
                text = script(axis, way, kernels, terminal, out)
                if text is None:
                    continue
                done = subprocess.run([gnuplot], input=text, text=True, capture_output=True,
                                      check=False, timeout=60)
                if done.returncode != 0:
                    return made, "plots: gnuplot: " + done.stderr.strip().splitlines()[-1]
                if kind == "svg":
                    made.append((f"fork over {axis['over']}: {WAYS[way][0]}", out))
    return made, None
