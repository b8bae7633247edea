"""Verify an export of a delid ledger: python verify_ledger.py EXPORT.jsonl PUBLIC_KEY.pem (format: ledger.md).
Needs Python 3.11 and the package cryptography, nothing of delid. Ends with 1 and the first thing that is wrong."""
import json
import sys
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def check(ok, words):
    if not ok:
        sys.exit(f"NOT verified: {words}")

def node(left, right):  # RFC 6962, section 2.1
    return sha256(b"\1" + left + right).digest()

def root_of(leaves):
    k = 1 << (len(leaves) - 1).bit_length() - 1 if len(leaves) > 1 else 0
    return node(root_of(leaves[:k]), root_of(leaves[k:])) if k else leaves[0]

def root_by(leaf, index, size, path):  # RFC 9162, section 2.1.3.2
    last = size - 1
    for step in path:
        right = index & 1 or index == last
        leaf = node(step, leaf) if right else node(leaf, step)
        while right and index and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else b""

def signed(line, name, key):
    statement = line[len(name) + 4 : line.rindex(b',"signature":"')]
    try:
        key.verify(bytes.fromhex(json.loads(line)["signature"]), f"delid-ledger-{name}-v1\n".encode() + statement)
        return json.loads(statement)
    except InvalidSignature:
        sys.exit(f"NOT verified: the {name} is not signed by this key")

lines, key = open(sys.argv[1], "rb").read().splitlines(), load_pem_public_key(open(sys.argv[2], "rb").read())
said, last, leaves, due = [json.loads(line) for line in lines], "00" * 32, [], {}
head = said[0]["export"]
top = signed([line for line in lines if line.startswith(b'{"checkpoint":')][-1], "checkpoint", key)
for n, line in enumerate(lines[1 : head["entries"] + 1], start=1):
    entry, body = said[n].get("entry", {"seq": None}), line[9 : line.rfind(b',"leaf":"')]  # the bytes that were hashed
    leaves.append(sha256(b"\0" + body).digest())
    check(leaves[-1].hex() == said[n].get("leaf"), f"line {n + 1} (entry {entry['seq']}) was changed")
    if head["battery"] is None:  # the whole ledger: a chain without a gap
        check((entry["seq"], entry["prev"]) == (n - 1, last), f"line {n + 1} does not follow on the one above")
    else:  # one battery: each entry is proven by itself, and their numbers have no gap
        root = root_by(leaves[-1], entry["seq"], top["size"], map(bytes.fromhex, said[n]["proof"]))
        check(root.hex() == top["root"], f"line {n + 1} (entry {entry['seq']}) is not what was signed")
    check(not entry["battery"] or entry["number"] == due.get(entry["battery"], 0), f"line {n + 1}: one is left out")
    due[entry["battery"]], last = entry["number"] + 1, leaves[-1].hex()
whole = head["battery"] or (len(leaves), root_of(leaves).hex()) == (top["size"], top["root"])
check(whole and top["ledger"] == head["ledger"], "the entries are not those that were signed")
if sealed := "seal" in said[-1]:
    same = signed(lines[-1], "seal", key)["sha256"] == sha256(b"\n".join(lines[:-1]) + b"\n").hexdigest()
    check(same, "the file is not the one that was sealed")
print(f"verified: {head['entries']} entries of {top['ledger']}, signed at {top['at']}, sealed: {sealed}")
