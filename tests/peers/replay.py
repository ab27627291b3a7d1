#!/usr/bin/env python3
"""`vigia replay` and trafilatura on the same WARC file in the same run: pages a second, and memory.

usage: python3 tests/peers/replay.py [PAGES_DIR] [--times N]

PAGES_DIR has NAME/html/ID.html.gz and NAME/truth.jsonl; by default ../shared/corpora/pages. Its pages are packed as
target/peers/pages.warc.gz, N times over (5), each time under addresses of their own. trafilatura runs in one Python
process, reads the file with warcio, and writes JSONL; only part of it where that takes over a minute. The best of three
runs of vigia counts, since others may be at work on the machine; the other two are told as well. Peak memory is
told for the file and for four of it one behind the other, which should not differ. Peers are installed under target/peers.
"""
import gzip, hashlib, json, os, re, subprocess, sys, tempfile, time, venv

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PEERS = os.path.join(ROOT, "target/peers")
PEER_SECONDS = 60
RUNS = 3
TRAFILATURA = """
import json, sys, time, trafilatura
from warcio.archiveiterator import ArchiveIterator
start, pages = time.time(), 0
with open(sys.argv[1], "rb") as file, open(sys.argv[2], "w") as out:
    for record in ArchiveIterator(file):
        if record.rec_type != "response":
            continue
        url = record.rec_headers.get_header("WARC-Target-URI")
        found = trafilatura.bare_extraction(record.content_stream().read(), url=url, with_metadata=True)
        pages += 1
        if found:
            out.write(json.dumps({"url": url, "title": found.title, "text": found.text}) + "\\n")
        if time.time() - start > float(sys.argv[3]):
            break
print(pages, time.time() - start, time.process_time())
"""


def record(kind, url, body):
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
        f"WARC-Record-ID: <urn:sha1:{hashlib.sha1(url.encode()).hexdigest()}>\r\n"
        f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + body + b"\r\n\r\n", 6)


def pack(folder, path, times):
    """Packs the pages and returns how many there are; a file that is there is taken as it is."""
    pages = []
    for name in sorted(os.listdir(folder)):
        for file in sorted(os.listdir(f"{folder}/{name}/html")):
            pages.append(f"{folder}/{name}/html/{file}")
    if not os.path.exists(path):
        with open(path + ".new", "wb") as out:
            for page in pages:
                with gzip.open(page) as file:
                    html = file.read()
                http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(html) + html
                name = re.sub(r"\.html\.gz$", "", os.path.basename(page))
                for n in range(times):
                    out.write(record("response", f"https://site{n}.example/{name}.html", http))
        os.rename(path + ".new", path)
    return len(pages) * times


def install():
    python = os.path.join(PEERS, "trafilatura/bin/python")
    if not os.path.exists(python):
        venv.create(os.path.dirname(os.path.dirname(python)), with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "trafilatura", "lxml_html_clean", "warcio"], check=True)
    return python


def replay(path, *arguments):
    """Seconds, seconds of CPU, peak memory in MB, and what was said."""
    program = os.path.join(ROOT, "target/release/vigia")
    with tempfile.TemporaryDirectory(dir=PEERS) as folder:
        start = time.time()
        child = subprocess.Popen(
            [program, "replay", path, "--out", os.path.join(folder, "out"), *arguments], stderr=subprocess.PIPE
        )
        said = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.time() - start
    assert status == 0, said
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said.strip()


def main():
    arguments = sys.argv[1:]
    times = 5
    if "--times" in arguments:
        at = arguments.index("--times")
        times = int(arguments[at + 1])
        del arguments[at : at + 2]
    folder = arguments[0] if arguments else os.path.join(ROOT, "../shared/corpora/pages")
    if not os.path.isdir(folder):
        sys.exit(f"no pages in {folder}: name a folder of them")
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    os.makedirs(PEERS, exist_ok=True)
    python = install()
    path = os.path.join(PEERS, f"pages-{times}.warc.gz")
    pages = pack(folder, path, times)
    print(f"{pages} pages, {os.path.getsize(path) >> 20} MB")
    runs = sorted(replay(path) for _ in range(RUNS))
    seconds, cpu, memory, said = runs[0]
    rate = pages / seconds
    print(said)
    print("runs:", ", ".join(f"{pages / seconds:.0f} pages/s" for seconds, *_ in runs))
    # On a machine that is busy otherwise, what a page costs says more than how many there were.
    print(f"vigia replay: {rate:.0f} pages/s, {memory:.0f} MB at most, {1000 * cpu / pages:.2f} ms of CPU a page")
    sys.stdout.flush()
    out = os.path.join(PEERS, "trafilatura.jsonl")
    done = subprocess.run([python, "-c", TRAFILATURA, path, out, str(PEER_SECONDS)], stdout=subprocess.PIPE, check=True)
    read, took, spent = (float(number) for number in done.stdout.split())
    print(f"trafilatura, one process: {read / took:.1f} pages/s, {1000 * spent / read:.2f} ms of CPU a page")
    print(f"vigia is {rate * took / read:.1f} times as fast", flush=True)
    longer = os.path.join(PEERS, "longer.warc.gz")
    subprocess.run(f"cat '{path}' '{path}' '{path}' '{path}' > '{longer}'", shell=True, check=True)
    seconds, _, memory, _ = replay(longer)
    print(f"the same four times, {os.path.getsize(longer) >> 20} MB: {4 * pages / seconds:.0f} pages/s, {memory:.0f} MB at most")
    os.remove(longer)


main()
