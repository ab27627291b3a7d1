"""What the comparisons share: their arguments, the program, and the peer that pip installs."""
import argparse, os, subprocess, sys, venv

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PEERS = os.path.join(ROOT, "target/peers")
VIGIA = os.path.join(ROOT, "target/release/vigia")


def arguments(usage, count, default):
    """The folder of the pages, and the number that `--count` gives."""
    parser = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.path.join(ROOT, "../shared/corpora/pages"), metavar="PAGES_DIR")
    parser.add_argument("--" + count, type=int, default=default, metavar="N", help=f"by default {default}")
    given = parser.parse_args()
    if not os.path.isdir(given.folder):
        sys.exit(f"no pages in {given.folder}: name a folder of them")
    return given.folder, getattr(given, count)


def build_vigia():
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    os.makedirs(PEERS, exist_ok=True)


def python_with_trafilatura(*others):
    """The interpreter of an environment of its own that has trafilatura."""
    python = os.path.join(PEERS, "trafilatura/bin/python")
    if not os.path.exists(python):
        venv.create(os.path.dirname(os.path.dirname(python)), with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "trafilatura", "lxml_html_clean", *others], check=True)
    return python
