#!/usr/bin/env python3
"""`vigia replay` and trafilatura on the same WARC file in the same run: pages a second, and memory.

PAGES_DIR has NAME/html/ID.html.gz and NAME/truth.jsonl; by default ../shared/corpora/pages. Its pages are packed as
target/peers/pages.warc.gz, N times over (5), each time under addresses of their own. trafilatura runs in one Python
process, reads the file with warcio, and writes JSONL; only part of it where that takes over a minute. The best of three
runs of vigia counts, since others may be at work on the machine; the other two are told as well. Peak memory is
told for the file and for four of it one behind the other, which should not differ. Peers are installed under target/peers.
"""
import gzip, hashlib, os, re, subprocess, sys, tempfile, time

from common import PEERS, VIGIA, arguments, build_vigia, python_with_trafilatura

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


def replay(path, *options):
    """Seconds, seconds of CPU, peak memory in MB, and what was said."""
    with tempfile.TemporaryDirectory(dir=PEERS) as folder:
        start = time.time()
        child = subprocess.Popen(
            [VIGIA, "replay", path, "--out", os.path.join(folder, "out"), *options], stderr=subprocess.PIPE
        )
        said = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.time() - start
    assert status == 0, said
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said.strip()


def main():
    folder, times = arguments(__doc__, "times", 5)
    build_vigia()
    python = python_with_trafilatura("warcio")
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
