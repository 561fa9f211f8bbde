# shellcheck shell=bash
# Owns: what every host-side script of the harness agrees on: where the cache is, how
# messages look, how two runs at once are kept apart. Sourced, never run.

vm_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# The repository, and the cache path, as used by the scripts which source this file.
# shellcheck disable=SC2034
repo_dir=$(cd -- "$vm_dir/../.." && pwd)
cache_dir=${HOLDFAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast}

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	say "$*"
	exit 2
}

need()
{
	local tool

	for tool; do
		command -v "$tool" >/dev/null || die "'$tool' is missing, run tools/deps.sh check"
	done
}

# Holds the cache lock until the calling script ends; the lock is not passed to children.
lock_cache()
{
	mkdir -p -- "$cache_dir"
	exec 9>"$cache_dir/lock"
	flock 9
}

unlock_cache()
{
	exec 9>&-
}
