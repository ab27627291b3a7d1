#!/usr/bin/env python3
"""`vigia clean`, dom_smoothie and trafilatura on the same pages, one after the other, each on one core.

PAGES_DIR has NAME/html/ID.html.gz and NAME/truth.jsonl; by default ../shared/corpora/pages. Text is compared with
the truth as in ../shared/eval/score.py. The peers are installed under target/peers: trafilatura by pip into an
environment of its own, dom_smoothie by cargo. Rates are of whole processes on the pages of the `zyte` set, five
times over, start-up and JSON included, the best of N rounds (3), in which the programs take turns.
"""
import base64, gzip, json, os, shutil, subprocess, sys, time

from common import PEERS, ROOT, VIGIA, arguments, build_vigia, python_with_trafilatura

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
    build_vigia()
    manifest = os.path.join(ROOT, "tests/peers/dom_smoothie/Cargo.toml")
    target = os.path.join(PEERS, "dom_smoothie")
    subprocess.run(["cargo", "build", "--release", "--manifest-path", manifest, "--target-dir", target], check=True)
    return {
        "vigia": [VIGIA, "clean"],
        "dom_smoothie": [os.path.join(target, "release/dom-smoothie-peer")],
        "trafilatura": [python_with_trafilatura(), "-c", TRAFILATURA],
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
    folder, rounds = arguments(__doc__, "rounds", 3)
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
