"""Chromium and Firefox without a screen, driven by WebDriver BiDi (w3c.github.io/webdriver-bidi).

    with Browser("firefox") as page:                  raises Missing where it is not installed
        page.resize(1920, 1080)
        page.open("file:///...")
        page.run("document.title")                    the value of an expression
        page.keys("ArrowRight", " ")
        page.errors, page.requests                    what went wrong; addresses that were fetched

Firefox speaks the protocol itself, Chromium by way of chromedriver. Only what Python has is used.
"""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_S, ANSWER_S = 60, 60
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
        "Home": "\ue011", "End": "\ue010", "Tab": "\ue004", "Enter": "\ue007"}
PROGRAMS = {"chromium": (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)),
            "firefox": (("firefox-esr", "firefox"),)}


class Missing(Exception):
    """The browser is not installed."""


class BrowserError(Exception):
    """It does not do as it is told."""


class WebSocket:
    """A client of RFC 6455: text messages, whole."""

    def __init__(self, url):
        host, port, path = re.match(r"ws://([^:/]+):(\d+)(/.*)", url).groups()
        self.sock = socket.create_connection((host, int(port)), timeout=ANSWER_S)
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Key: "
                           f"{base64.b64encode(os.urandom(16)).decode()}\r\n"
                           "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        self.file = self.sock.makefile("rb")
        if b" 101 " not in self.file.readline():
            raise BrowserError("no WebSocket at " + url)
        while self.file.readline().strip():
            pass

    def send(self, text, opcode=1):
        data, mask = text.encode(), os.urandom(4)
        n = len(data)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | n]) if n < 126 else
                                         b"\xfe" + n.to_bytes(2, "big") if n < 65536 else
                                         b"\xff" + n.to_bytes(8, "big"))
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self.sock.sendall(head + mask + masked)

    def receive(self):
        whole = b""
        while True:
            first, n = self.file.read(2)
            n = int.from_bytes(self.file.read({126: 2, 127: 8}[n]), "big") if n > 125 else n
            data = self.file.read(n)
            if first & 15 == 9:
                self.send(data.decode("latin-1"), 10)
            elif first & 15 == 8:
                raise BrowserError("the browser has hung up")
            else:
                whole += data
                if first & 0x80:
                    return whole.decode()

    def close(self):
        self.file.close()
        self.sock.close()


class Browser:
    def __init__(self, kind):
        found = [next(filter(None, map(shutil.which, names)), None) for names in PROGRAMS[kind]]
        if None in found:
            raise Missing(" and ".join(names[0] for names in PROGRAMS[kind]) + " not installed")
        self.folder = tempfile.mkdtemp(prefix="tine-browser-")
        self.process = self.socket = self.driver = None
        self.errors, self.requests, self.number = [], [], 0
        try:
            url = self.start_firefox(*found) if kind == "firefox" else self.start_chromium(*found)
            self.socket = WebSocket(url)
            if kind == "firefox":
                self.call("session.new", capabilities={})
            self.call("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
            self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def launch(self, command, pattern):
        """Starts it; the address that it says in its output."""
        log = os.path.join(self.folder, "log")
        with open(log, "wb") as out:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env=dict(os.environ, HOME=self.folder, XDG_CACHE_HOME=self.folder))
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            with open(log, encoding="utf-8", errors="replace") as f:
                match = re.search(pattern, f.read())
            if match:
                return match.group(1)
            time.sleep(0.05)
        with open(log, encoding="utf-8", errors="replace") as f:
            raise BrowserError(f"{command[0]} does not start: {f.read()[-500:]}")

    def start_firefox(self, program):
        profile = os.path.join(self.folder, "profile")
        os.mkdir(profile)
        return self.launch([program, "--headless", "--no-remote", "--profile", profile,
                            "--remote-debugging-port", "0"],
                           r"WebDriver BiDi listening on (ws://\S+)") + "/session"

    def start_chromium(self, program, driver):
        port = self.launch([driver, "--port=0"], r"started successfully on port (\d+)")
        self.driver = f"http://127.0.0.1:{port}/session"
        # Root has no sandbox, and a container may have a small /dev/shm.
        options = {"binary": program, "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                                               "--disable-dev-shm-usage", "--hide-scrollbars",
                                               f"--user-data-dir={self.folder}/profile"]}
        body = {"capabilities": {"alwaysMatch": {"webSocketUrl": True, "goog:chromeOptions": options}}}
        request = urllib.request.Request(self.driver, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=START_S) as answer:
                session = json.load(answer)["value"]
        except urllib.error.HTTPError as error:  # its reason is in the answer
            raise BrowserError(error.read().decode("utf-8", "replace")) from None
        self.driver += "/" + session["sessionId"]
        return session["capabilities"]["webSocketUrl"]

    def close(self):
        if self.socket:
            self.socket.close()
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)  # its own session: with all its processes
            except ProcessLookupError:
                pass
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self.number:
                if "result" not in message:
                    raise BrowserError(f"{method}: {message.get('message', message)}")
                return message["result"]
            self.note(message)

    def note(self, message):
        params = message.get("params", {})
        if message.get("method") == "log.entryAdded" and params.get("level") in ("error", "warn"):
            self.errors.append(params.get("text"))
        elif message.get("method") == "network.beforeRequestSent":
            self.requests.append(params["request"]["url"])

    def resize(self, width, height):
        self.call("browsingContext.setViewport", context=self.context,
                  viewport={"width": width, "height": height})

    def open(self, url):
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, expression):
        """The value of an expression, of a promise when it is kept, by way of JSON."""
        result = self.call("script.evaluate",
                           expression=f"Promise.resolve({expression}).then(v => JSON.stringify(v))",
                           target={"context": self.context}, awaitPromise=True)
        if result["type"] != "success":
            raise BrowserError(f"{expression}: {result['exceptionDetails']['text']}")
        return json.loads(result["result"].get("value", "null"))

    def keys(self, *names):
        actions = [{"type": kind, "value": KEYS.get(name, name)}
                   for name in names for kind in ("keyDown", "keyUp")]
        self.call("input.performActions", context=self.context,
                  actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def screenshot(self, path):
        data = self.call("browsingContext.captureScreenshot", context=self.context)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
