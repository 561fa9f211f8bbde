# shellcheck shell=bash
# Owns: one turn of unpacking and compiling, as a line 'tree VARIANT SECONDS SECONDS', or
# 'counted VARIANT ...' where a second is 10^9 instructions. Sourced after bench/lib.sh.

tree_is_counted()
{
	grep -qw bench.counted /proc/cmdline
}

tree_turns()
{
	tree_is_counted && echo 1
	tree_is_counted || echo 1 2
}

now()
{
	echo "${EPOCHREALTIME/[.,]/}"
}

# The compiler comes over 9p: it has to be in the page cache before anything is timed.
tree_warm()
{
	tar -xf "$bench/tree.tar" -C $place
	make -C $place/tree -s kernel/c0.o >/dev/null
	rm -rf $place/tree
}

tree()
{
	local begin middle end status=0 word=tree

	! tree_is_counted || word=counted
	sync
	begin=$(now)
	tar -xf "$bench/tree.tar" -C $place/open || status=1
	middle=$(now)
	make -C $place/open/tree -s -j2 || status=1
	end=$(now)
	check "build $1" [ $status -eq 0 ]
	echo "$word $1 $(((middle - begin) / 1000)) $(((end - middle) / 1000))" |
		awk '{ print $1, $2, $3 / 1000, $4 / 1000 }'
	rm -rf $place/open/tree
}
