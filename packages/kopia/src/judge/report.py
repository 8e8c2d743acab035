"""Reads a repository with the independent reader kopia_check.py and prints as JSON what it found.

usage: report.py FOLDER_OF_KOPIA_CHECK REPOSITORY PASSWORD
Every content that counts is decrypted, decompressed and hashed again; every pack's recovery section is read; every
directory's summary is computed again. Any deviation ends the program with an error.
"""
import hashlib
import json
import sys

sys.path.insert(0, sys.argv[1])
import kopia_check  # noqa: E402


def contents(repository):
    """Reads every content that the watermark does not hide; only deleted ones may have lost their pack."""
    lost, compressions = 0, {}
    for name, entry in repository.idx.items():
        try:
            repository.content(name)
        except FileNotFoundError:
            assert entry["deleted"], "live content without pack: " + name
            lost += 1
        if not entry["deleted"]:
            kind = (name[0] if len(name) % 2 else "") + "%x" % entry["comp"]
            compressions[kind] = compressions.get(kind, 0) + 1
    deleted = sum(entry["deleted"] for entry in repository.idx.values())
    return {"visible": len(repository.idx), "deleted": deleted, "deletedWithoutPack": lost, "compressions": compressions}


def packs(repository):
    """Reads the recovery section of every pack and compares it with the index."""
    found = {**repository.st.list("p"), **repository.st.list("q")}
    for pack in found:
        section = repository.pack_local_index(pack)
        for entry in section["entries"]:
            known = repository.all.get(entry["id"])
            if known and known["pack"] == pack:
                assert all(known[key] == entry[key] for key in ("off", "plen", "olen", "comp")), pack
    return len(found)


def summary_of(directory, children):
    """The summary of a directory as its entries make it."""
    total = {"size": 0, "files": 0, "symlinks": 0, "dirs": 1}
    for child in directory["entries"] or []:
        if child["type"] == "f":
            total["files"] += 1
            total["size"] += child.get("size", 0)
        if child["type"] == "s":
            total["symlinks"] += 1
        if child["type"] == "d":
            assert child["summ"] == children[child["name"]], "summary in the parent differs: " + child["name"]
            for key in total:
                total[key] += child["summ"].get(key, 0)
    return total


def tree(repository, entry, path, found):
    """Collects everything below an entry; returns the summary of a directory."""
    data = repository.object(entry["obj"])
    described = {key: value for key, value in entry.items() if key not in ("name", "summ")}
    if entry["type"] != "d":
        if not entry["name"].startswith(".checkpointed."):
            assert entry.get("size", 0) == len(data), "size of " + path
        found[path] = {**described, "sha256": hashlib.sha256(data).hexdigest()}
        return None
    directory = json.loads(data)
    assert directory["stream"] == "kopia:directory"
    found[path] = described
    children, names = {}, []
    for child in directory["entries"] or []:
        below = path + "/" + child["name"] if path else child["name"]
        names.append((child["type"] != "d", child["name"].encode("utf8", "surrogatepass")))
        children[child["name"]] = tree(repository, child, below, found)
    assert names == sorted(names), "order of the entries of " + path
    summary = directory["summary"]
    for key, value in summary_of(directory, children).items():
        assert summary[key] == value, "%s in the summary of %s: %s instead of %s" % (key, path, summary[key], value)
    return summary


def main():
    repository = kopia_check.Repo(sys.argv[2], sys.argv[3]).load()
    manifests = sorted(repository.manifests().values(), key=lambda manifest: manifest["modified"])
    snapshots = []
    for manifest in manifests:
        if manifest["labels"]["type"] != "snapshot":
            continue
        entries = {}
        tree(repository, manifest["data"]["rootEntry"], "", entries)
        snapshots.append({"id": manifest["id"], "labels": manifest["labels"], "manifest": manifest["data"], "entries": entries})
    schedule = repository.maintenance()
    print(json.dumps({
        "format": {key: value for key, value in repository.cfg.items() if key not in ("masterKey", "secret")},
        "keyAlgorithm": repository.j["keyAlgo"],
        "indexBlobs": repository.index_blobs,
        "epochs": {key: repository.epoch_info[key] for key in ("writeEpoch", "watermark")},
        "contents": contents(repository),
        "packs": packs(repository),
        "sessions": [name for name in repository.st.list("s") if "-" in name],
        "manifests": [manifest["labels"] for manifest in manifests],
        "tasks": sorted((schedule or {}).get("runs", {})),
        "snapshots": snapshots,
    }))


main()
