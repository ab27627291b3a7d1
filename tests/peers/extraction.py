#!/usr/bin/env python3
"""`vigia clean`, dom_smoothie and trafilatura on the same pages, one after the other, each on one core.

usage: python3 tests/peers/extraction.py [PAGES_DIR] [--rounds N]

PAGES_DIR has NAME/html/ID.html.gz and NAME/truth.jsonl; by default ../shared/corpora/pages. Text is compared with
the truth as in ../shared/eval/score.py. The peers are installed under target/peers: trafilatura by pip into an
environment of its own, dom_smoothie by cargo. Rates are of whole processes on the pages of the `zyte` set, five
times over, start-up and JSON included, the best of N rounds (3), in which the programs take turns.
"""
import base64, gzip, json, os, shutil, subprocess, sys, time, venv

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PEERS = os.path.join(ROOT, "target/peers")
SETS = ["zyte", "latam_gold", "fundus", "fundus_eval", "ld_news", "wcxb_article", "traf_eval"]
TRAFILATURA = """
import base64, json, sys, trafilatura
for line in sys.stdin:
    page = json.loads(line)
    text = trafilatura.extract(base64.b64decode(page["html_base64"]), url=page["url"], include_comments=False)
    print(json.dumps({"id": page["id"], "text": text or ""}))
"""


def build():
    """The command of each program, built or installed."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    manifest = os.path.join(ROOT, "tests/peers/dom_smoothie/Cargo.toml")
    target = os.path.join(PEERS, "dom_smoothie")
    subprocess.run(["cargo", "build", "--release", "--manifest-path", manifest, "--target-dir", target], check=True)
    python = os.path.join(PEERS, "trafilatura/bin/python")
    if not os.path.exists(python):
        venv.create(os.path.dirname(os.path.dirname(python)), with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "trafilatura", "lxml_html_clean"], check=True)
    return {
        "vigia": [os.path.join(ROOT, "target/release/vigia"), "clean"],
        "dom_smoothie": [os.path.join(target, "release/dom-smoothie-peer")],
        "trafilatura": [python, "-c", TRAFILATURA],
    }


def lines(folder, truth):
    for page in truth:
        with gzip.open(f"{folder}/html/{page['id']}.html.gz") as file:
            html = base64.b64encode(file.read()).decode()
        yield json.dumps({"id": page["id"], "url": page.get("url") or "http://example.org/", "html_base64": html})


def texts(command, feed):
    done = subprocess.run(command, input=feed, stdout=subprocess.PIPE, check=True)
    read = (json.loads(line) for line in done.stdout.splitlines() if line.strip())
    return {line["id"]: line.get("text") or "" for line in read}


def quality(score, truth, got):
    """F1 over the pages of a set whose truth is whole texts, else over its snippets."""
    whole = [page for page in truth if page.get("text")]
    if whole:
        return score.agg([score.page(page, got.get(page["id"], "")) for page in whole])["F1"]
    snippets = [dict(page, **{"with": page.get("with") or [], "without": page.get("without") or []}) for page in truth]
    return score.agg_snip([score.snip(page, got.get(page["id"], "")) for page in snippets])["F1"]


def rate(command, feed, pages):
    on_one_core = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    start = time.time()
    subprocess.run(on_one_core + command, input=feed, stdout=subprocess.DEVNULL, check=True)
    return pages / (time.time() - start)


def main():
    arguments = sys.argv[1:]
    rounds = 3
    if "--rounds" in arguments:
        at = arguments.index("--rounds")
        rounds = int(arguments[at + 1])
        del arguments[at : at + 2]
    folder = arguments[0] if arguments else os.path.join(ROOT, "../shared/corpora/pages")
    if not os.path.isdir(folder):
        sys.exit(f"no pages in {folder}: name a folder of them")
    sys.path.insert(0, os.path.join(ROOT, "../shared/eval"))
    import score

    programs = build()
    print("| set | " + " | ".join(programs) + " |")
    print("|---|" + "---|" * len(programs))
    for name in SETS:
        base = os.path.join(folder, name)
        if not os.path.isdir(base):
            continue
        truth = score.load(f"{base}/truth.jsonl")
        feed = "".join(line + "\n" for line in lines(base, truth)).encode()
        row = [f"{quality(score, truth, texts(command, feed)):.3f}" for command in programs.values()]
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)
    base = os.path.join(folder, "zyte")
    truth = score.load(f"{base}/truth.jsonl")
    feed = ("".join(line + "\n" for line in lines(base, truth)) * 5).encode()
    best = dict.fromkeys(programs, 0.0)
    for _ in range(rounds):
        for name, command in programs.items():
            best[name] = max(best[name], rate(command, feed, 5 * len(truth)))
    print("| pages/s, one core | " + " | ".join(f"{value:.0f}" for value in best.values()) + " |")


main()
