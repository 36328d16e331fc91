#!/bin/sh
# One edition from a machine that keeps nothing: sh publish.sh REMOTE [STORE_BRANCH] [SITE_BRANCH]
#
# Run in the newspaper's folder. The store and the site are taken from their branches, the newspaper is updated, the
# store goes back to its branch, and then what changed of the site to its own. In this order: an address is published
# only when the store that remembers it for ever is safe.
set -eu
remote=$1
store=${2:-store}
site=${3:-gh-pages}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_TERMINAL_PROMPT=0

in_branch() {
    # in_branch BRANCH FOLDER WORDS: git with a repository of its own, whose work tree is the folder
    branch=$1 folder=$2
    shift 2
    GIT_DIR="$scratch/$branch.git" GIT_WORK_TREE="$folder" git "$@"
}

take() {
    # take BRANCH FOLDER: put what the branch has into the folder; nothing where there is no such branch yet
    mkdir -p "$2"
    git init --quiet --bare "$scratch/$1.git"
    in_branch "$1" "$2" config core.autocrlf false
    printf 'deploy.git/\ndeployed/\nlock\n.*.tmp\nbroadsheet.db\n' >"$scratch/$1.git/info/exclude"
    if git ls-remote --exit-code "$remote" "refs/heads/$1" >/dev/null; then
        in_branch "$1" "$2" fetch --quiet --depth=1 "$remote" "refs/heads/$1:refs/heads/now"
        in_branch "$1" "$2" read-tree now
        in_branch "$1" "$2" checkout-index --all --force
    fi
}

keep() {
    # keep BRANCH FOLDER: make the folder the branch's only commit, unless somebody else has changed the branch meanwhile
    was=$(in_branch "$1" "$2" rev-parse --quiet --verify refs/heads/now || true)
    in_branch "$1" "$2" add --all -- .
    tree=$(in_branch "$1" "$2" write-tree)
    now=$(GIT_AUTHOR_NAME=Broadsheet GIT_AUTHOR_EMAIL=broadsheet@localhost GIT_COMMITTER_NAME=Broadsheet \
        GIT_COMMITTER_EMAIL=broadsheet@localhost in_branch "$1" "$2" commit-tree "$tree" -m "Store")
    in_branch "$1" "$2" push --quiet "--force-with-lease=refs/heads/$1:$was" "$remote" "$now:refs/heads/$1"
}

database=$PWD/.broadsheet/broadsheet.db
take "$store" "$PWD/.broadsheet"
if [ -e "$database.0000" ]; then
    cat "$database".???? >"$database"
fi
take "$site" "$PWD/public"
broadsheet run
# In parts: hosts of repositories refuse large files, and of a part that did not change nothing is sent.
rm -f "$database".????
split -b 45m -d -a 4 "$database" "$database."
keep "$store" "$PWD/.broadsheet"
BROADSHEET_DEPLOY_BRANCH=$site BROADSHEET_DEPLOY_SQUASH=true broadsheet deploy "git+$remote"
