"""A trace of single instructions as a sequence of functions, and as a tree of calls.

Which function called which is clear from calls and returns, but for two things. A return after a
switch of tasks goes to another stack: so a call notes at which address of the stack it put its
return address, and a return takes what was noted for its own. Jumps to the first instruction of
another function (tail calls), exceptions and system calls count as calls of what comes next. A
child of fork goes on in user mode where its parent last was; who execs calls the new program.
"""
import array

CALL, RET = 1, 2
KERNEL_PAGE = 0


class Node:
    """A function as called by its parent: all calls by this way are one node."""

    def __init__(self, function, parent):
        self.function, self.parent = function, parent
        self.children = {}  # in the order of the first call
        self.own = self.calls = 0

    def child(self, function):
        node = self.children.get(function)
        if node is None:
            node = self.children[function] = Node(function, self)
        node.calls += 1
        return node

    def whole(self):
        return self.own + sum(child.whole() for child in self.children.values())

    def program(self):
        """The part of the program, in user mode, that this was called by; or the root."""
        node = self
        while node.parent and node.function[1] == "kernel":
            node = node.parent
        return node

    def ancestor(self, function):
        node = self
        while node and node.function != function:
            node = node.parent
        return node


def read(path):
    """Numbers of instructions and addresses of the stack, in turn."""
    data = array.array("I")
    with open(path, "rb") as f:
        data.frombytes(f.read())
    return data


def sequence(data, insns):
    """[function, instructions] in order. insns: {number: insn}."""
    steps = []
    for number in data[::2]:
        function = insns[number].function
        if steps and steps[-1][0] == function:
            steps[-1][1] += 1
        else:
            steps.append([function, 1])
    return steps


def tree(data, insns):
    """The root of the tree of calls."""
    root = Node(None, None)
    node = root
    noted = {}  # address of the stack: the node that called there
    last = {}  # function in user mode: its node
    kind = stack = None
    for number, next_stack in zip(data[::2], data[1::2]):
        insn = insns[number]
        if kind == CALL:
            noted[stack] = node
            if insn.entry or insn.function != node.function:
                node = node.child(insn.function)
        elif kind == RET:
            caller = noted.get(stack)
            if caller is None or caller.function != insn.function:
                caller = node.ancestor(insn.function) or root.child(insn.function)
            node = caller
        elif insn.function != node.function:
            back = None if insn.entry else node.ancestor(insn.function) or last.get(insn.function)
            user = insn.page != KERNEL_PAGE
            node = back or (node.program() if user else node).child(insn.function)
        node.own += 1
        if insn.page != KERNEL_PAGE:
            last[insn.function] = node
        kind, stack = insn.kind, next_stack
    return root
