#!/usr/bin/env python3
"""Adds to each training message of MUC-4 what its answer key names, as `evidence` for `vigia train`.

    muc4_evidence.py train.jsonl dev.jsonl > train_with_evidence.jsonl

`dev.jsonl` holds the answer keys: messages with `id` and `templates`. A template says who did it,
to what and whom, and with what, in the words of the message; those of optional templates, which the
conference did not count, are left out.
"""

import json
import sys

SLOTS = ("perp_inds", "perp_orgs", "phys_tgt", "hum_tgt_names", "hum_tgt_descs", "instruments")


def evidence(message):
    """The strings of a message's key, each once."""
    templates = [t for t in message["templates"] if not t.get("optional")]
    entries = [entry for t in templates for slot in SLOTS for entry in t.get(slot) or []]
    return sorted({text for entry in entries for text in entry["alts"]})


def main(train, keys):
    with open(keys, encoding="utf-8") as lines:
        of = {message["id"]: evidence(message) for message in map(json.loads, lines)}
    with open(train, encoding="utf-8") as lines:
        for message in map(json.loads, lines):
            if message["label"] == 1:
                message["evidence"] = of.get(message["id"], [])
            print(json.dumps(message, ensure_ascii=False))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
