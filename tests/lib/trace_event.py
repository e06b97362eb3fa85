"""The published rules of the Trace Event Format, as a check of a file.

    broken_rules(text)      [] or one line for each rule that is broken, with the event

Rules are those of the document "Trace Event Format" by Google, section by section:
    JSON Object Format    an object with traceEvents, a list; displayTimeUnit is ms or ns
    Event Descriptions    name, ph, ts, pid, tid of each event; which ph there are; args an object
    Duration Events       B and E nest for each pid and tid; within a thread in order of ts
    Complete Events       X has dur, not below 0; X within a thread nest, too
    Instant Events        i has a scope s: g, p or t
    Flow Events           s, t, f: id, cat and name bind them; s first, f last; each in a slice of
                          its thread: f with bp "e" in the enclosing one, else the next one
    Metadata Events       M: process_name, thread_name with args.name; ..._sort_index with a number
    Counter Events        C: args are numbers
"""
import json

PHASES = set("BEXiIstfMC")
METADATA = {"process_name": "name", "thread_name": "name", "process_labels": "labels",
            "process_sort_index": "sort_index", "thread_sort_index": "sort_index"}

ROUNDING = 1e-4  # of microseconds with nanoseconds behind the point


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def fields_of(event):
    """What is wrong with one event by itself."""
    phase = event.get("ph")
    if phase not in PHASES:
        return f"no phase is called {phase!r}"
    for key in ("pid", "tid"):
        if not isinstance(event.get(key), int):
            return f"{key} is no number"
    if phase != "E" and not isinstance(event.get("name"), str):
        return "without a name"
    if phase != "M" and (not is_number(event.get("ts")) or event["ts"] < 0):
        return "ts is no time"
    if phase not in "ME" and not isinstance(event.get("cat", ""), str):
        return "cat is no text"
    if not isinstance(event.get("args", {}), dict):
        return "args is no object"
    if phase == "X" and (not is_number(event.get("dur")) or event["dur"] < 0):
        return "X without a duration"
    if phase in "iI" and event.get("s", "t") not in ("g", "p", "t"):
        return "no such scope"
    if phase in "stf" and not isinstance(event.get("id"), (int, str)):
        return "a flow without an id"
    if phase == "f" and event.get("bp", "e") != "e":
        return "bp is e or is not there"
    if phase == "C" and not all(map(is_number, event.get("args", {"": ""}).values())):
        return "a counter that is no number"
    if phase == "M":
        key = METADATA.get(event["name"])
        value = event.get("args", {}).get(key)
        if not key or not isinstance(value, str if key in ("name", "labels") else int):
            return "metadata of an unknown kind or without its value"
    return None


def slices_of(events, broken):
    """{(pid, tid): [(begin, end)]}, and whether they nest."""
    slices, stacks, last = {}, {}, {}
    for event in events:
        if event["ph"] == "M":
            continue
        track = (event["pid"], event["tid"])
        if event["ts"] < last.get(track, 0):
            broken.append(f"time goes back on its track: {event}")
        last[track] = event["ts"]
        stack = stacks.setdefault(track, [])
        while stack and stack[-1][0] == "X" and stack[-1][2] <= event["ts"] + ROUNDING:
            stack.pop()
        if event["ph"] == "B":
            stack.append(("B", event["ts"], event.get("name")))
        elif event["ph"] == "E":
            if not stack or stack[-1][0] != "B":
                broken.append(f"E without its B: {event}")
                continue
            _, begin, name = stack.pop()
            if event.get("name", name) != name:
                broken.append(f"E of another name than its B, {name}: {event}")
            slices.setdefault(track, []).append((begin, event["ts"]))
        elif event["ph"] == "X":
            end = event["ts"] + event["dur"]
            if stack and stack[-1][0] == "X" and end > stack[-1][2] + ROUNDING:
                broken.append(f"X that ends after the one around it: {event}")
            stack.append(("X", event["ts"], end))
            slices.setdefault(track, []).append((event["ts"], end))
    for track, stack in stacks.items():
        broken += [f"B {name} of {track} is never ended" for kind, _, name in stack if kind == "B"]
    return slices


def flows_of(events, slices, broken):
    """Arrows: from one s over any t to one f, each bound to a slice."""
    flows = {}
    for event in events:
        if event["ph"] in "stf":
            flows.setdefault((event.get("cat"), event["name"], event["id"]), []).append(event)
            here = slices.get((event["pid"], event["tid"]), [])
            inside = any(begin <= event["ts"] <= end for begin, end in here)
            next_one = event["ph"] == "f" and "bp" not in event
            if not inside and not (next_one and any(begin >= event["ts"] for begin, _ in here)):
                broken.append(f"a flow that is in no slice: {event}")
    for key, steps in flows.items():
        steps.sort(key=lambda event: event["ts"])
        phases = "".join(event["ph"] for event in steps)
        if phases.replace("t", "") != "sf" or phases[0] != "s" or phases[-1] != "f":
            broken.append(f"flow {key}: {phases} in place of s ... f")


def broken_rules(text):
    try:
        whole = json.loads(text)
    except ValueError as error:
        return [f"no JSON: {error}"]
    if not isinstance(whole, dict) or not isinstance(whole.get("traceEvents"), list):
        return ["no object with a list traceEvents"]
    broken = []
    if whole.get("displayTimeUnit", "ms") not in ("ms", "ns"):
        broken.append("displayTimeUnit is neither ms nor ns")
    events = whole["traceEvents"]
    for event in events:
        wrong = fields_of(event) if isinstance(event, dict) else "no object"
        if wrong:
            broken.append(f"{wrong}: {event}")
    if broken:
        return broken
    slices = slices_of(events, broken)
    flows_of(events, slices, broken)
    return broken
