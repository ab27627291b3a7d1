#!/usr/bin/env python3
"""The demo's news site for tests/package.sh: prints its address, and serves it until it is killed.

The feed of /pt/ is for those alone who bring the token that the first argument names.
"""
import email.utils, http.server, pathlib, re, sys, time

TOKEN = sys.argv[1]
DEMO = pathlib.Path(__file__).parent.parent / "crates/vigia/demo"
MIDNIGHT = time.time() // 86400 * 86400


def when(hours, form):
    at = MIDNIGHT - 3600 * int(hours)
    if form == "rfc2822":
        return email.utils.formatdate(at)
    return time.strftime({"iso": "%Y-%m-%dT%H:%M:%SZ", "day": "%Y-%m-%d"}[form], time.gmtime(at))


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        language, _, name = self.path.split("?")[0].strip("/").partition("/")
        if (language, name) == ("pt", "rss.xml") and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.send_error(401)
        file = DEMO / (f"feed-{language}.xml" if name == "rss.xml" else pathlib.Path(name).name)
        if not file.is_file():
            return self.send_error(404)
        text = file.read_text().replace("{base}", f"http://{self.headers['Host']}")
        body = re.sub(r"\{(\d+)h:(\w+)\}", lambda m: when(*m.groups()), text).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if name.endswith("html") else "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
