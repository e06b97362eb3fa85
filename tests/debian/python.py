# python3: threads, subprocess, multiprocessing in its three ways, mmap, fork after threads.
import concurrent.futures
import ctypes
import mmap
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def show(name, function):
    try:
        print(name, function(), flush=True)
    except Exception as error:
        print(name, type(error).__name__, error, flush=True)


def threads():
    count, lock = [0], threading.Lock()

    def work():
        for _ in range(2000):
            with lock:
                count[0] += 1

    all_threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join()
    return count[0]


def run(*command, **more):
    return subprocess.run(command, capture_output=True, **more).stdout


def too_long():
    try:
        subprocess.run(["sleep", "9"], timeout=0.2)
    except subprocess.TimeoutExpired:
        return "expired"


def mapped_file():
    with tempfile.TemporaryFile() as f:
        f.write(b"x" * 10000)
        f.flush()
        m = mmap.mmap(f.fileno(), 0)
        m[5000:5005] = b"hello"
        m.flush()
        f.seek(5000)
        seen = f.read(5)
        m.resize(20000)
        return seen, len(m), m.find(b"hello")


def mapped_memory():
    m = mmap.mmap(-1, 4096)
    pid = os.fork()
    if pid == 0:
        m[:5] = b"child"
        os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), m[:5]


def fork_after_threads():
    event = threading.Event()
    thread = threading.Thread(target=event.wait)
    thread.start()
    pid = os.fork()
    if pid == 0:
        os._exit(10 + threading.active_count())
    status = os.waitpid(pid, 0)[1]
    event.set()
    thread.join()
    return os.waitstatus_to_exitcode(status)


def signals():
    got = []
    signal.signal(signal.SIGALRM, lambda number, frame: got.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    while not got:
        time.sleep(1)
    return got == [signal.SIGALRM], signal.sigtimedwait([signal.SIGUSR1], 0.05)


def put_square(queue, x):
    queue.put((x, x * x))


def square(x):
    return x * x


def add_100(value):
    for _ in range(100):
        with value.get_lock():
            value.value += 1


def processes(context):
    queue = context.Queue()
    value = context.Value("i", 0)
    all_processes = [context.Process(target=put_square, args=(queue, i)) for i in range(3)]
    all_processes += [context.Process(target=add_100, args=(value,)) for _ in range(2)]
    for process in all_processes:
        process.start()
    got = sorted(queue.get(timeout=60) for _ in range(3))
    for process in all_processes:
        process.join()
    return got, value.value, [p.exitcode for p in all_processes]


def pool(context):
    with context.Pool(3) as p:
        return sum(p.map(square, range(50)))


def shared_memory():
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(create=True, size=100)
    pid = os.fork()
    if pid == 0:
        block.buf[0] = 7
        os._exit(0)
    os.waitpid(pid, 0)
    seen = block.buf[0]
    block.close()
    block.unlink()
    return seen


def manager():
    with multiprocessing.Manager() as m:
        d = m.dict()
        d["a"] = 1
        return dict(d)


def pair():
    a, b = socket.socketpair()
    a.send(b"x")
    return b.recv(1)


def library():
    with open("answer.c", "w") as f:
        f.write("int answer(void) { return 42; }")
    subprocess.run(["tcc", "-shared", "-o", "answer.so", "answer.c"], check=True)
    return ctypes.CDLL("./answer.so").answer()  # it wants an executable stack


def event_loop():
    import asyncio

    async def echo():
        child = await asyncio.create_subprocess_exec("echo", "hi", stdout=subprocess.PIPE)
        return (await child.communicate())[0]

    return asyncio.run(echo())


def main():
    show("threads", threads)
    executor = concurrent.futures.ThreadPoolExecutor
    show("thread pool", lambda: sum(executor(4).map(square, range(100))))
    show("subprocess", lambda: run("tr", "a-z", "A-Z", input=b"hello"))
    show("shell", lambda: run("echo $((6 * 7))", shell=True))
    show("close_fds", lambda: run("ls", "/proc/self/fd", stdin=subprocess.DEVNULL))
    leads = "import os; print(os.getsid(0) == os.getpid())"
    show("session", lambda: run(sys.executable, "-c", leads, start_new_session=True))
    show("timeout", too_long)
    show("mapped file", mapped_file)
    show("mapped memory", mapped_memory)
    show("fork after threads", fork_after_threads)
    show("signals", signals)
    for method in "fork", "spawn", "forkserver":
        context = multiprocessing.get_context(method)
        show(f"processes by {method}", lambda: processes(context))
        show(f"pool by {method}", lambda: pool(context))
    show("shared memory", shared_memory)
    show("manager", manager)
    show("socketpair", pair)
    show("event loop", event_loop)
    show("library", library)


if __name__ == "__main__":
    main()
