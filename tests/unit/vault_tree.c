/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder's way into another directory: the copy is like it, what changes meanwhile comes too, what was
 * broken off goes on, and what is wiped was copied. Encryption is the kernel's and no part of this.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/vault/copy.h"
#include "agent/vault/tree.h"

static char top[] = "/tmp/vault-tree-XXXXXX";
static char notes[4096];
static struct tree tree;

static void on_note(const char *path, const char *words, void *userdata)
{
	size_t size = strlen(notes);

	(void)userdata;
	(void)snprintf(notes + size, sizeof(notes) - size, "%s: %s\n", path, words);
}

static int run(const char *command)
{
	int status = system(command); /* in the test's own directory */

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Everything that a copy has to have, as text. */
#define SHOW(where)                                                                           \
	"cd " where " && find . -mindepth 1 ! -type s ! -name '*..holdfast*' -printf "        \
	"'%P %y %m %U %G %l %n' -a \\( ! -type d -printf ' %s %T@' -o -true \\) "             \
	"-a -printf '\\n' | sort && find . -type f ! -name '*..holdfast*' | sort | xargs -d " \
	"'\\n' "                                                                              \
	"cat | sha256sum"

static bool is_same(void)
{
	return run("[ \"$(" SHOW("from") ")\" = \"$(" SHOW("to") ")\" ]") == 0;
}

static void setup(void)
{
	cr_assert(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
	cr_assert_eq(run("mkdir -p from/sub/deep to && "
			 "for i in $(seq 40); do seq $i 3000 >from/f$i; done && "
			 "echo one >from/sub/a && ln from/sub/a from/sub/deep/b && ln from/sub/a "
			 "from/c && "
			 "ln -s ../a from/sub/deep/link && ln -s /nowhere from/dangling && "
			 "mkfifo from/sub/pipe && truncate -s 8M from/sparse && echo end "
			 ">>from/sparse && "
			 "touch from/empty 'from/with space' && chmod 4750 from/f1 && chmod 0 "
			 "from/f2 && "
			 "touch -d 2001-02-03 from/f3 from/sub && chmod 1777 from/sub/deep"),
		0);
	tree = (struct tree){.note = on_note};
	tree.from_fd = open("from", O_RDONLY | O_DIRECTORY);
	tree.to_fd = open("to", O_RDONLY | O_DIRECTORY);
	cr_assert(tree.from_fd >= 0 && tree.to_fd >= 0);
}

static void teardown(void)
{
	char command[64];

	tree_clear(&tree);
	cr_assert_eq(chdir("/"), 0);
	(void)snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_expect_eq(run(command), 0);
}

TestSuite(vault_tree, .init = setup, .fini = teardown, .timeout = 120);

Test(vault_tree, the_copy_is_like_it)
{
	cr_assert_eq(tree_scan(&tree), 0, "%s", notes);
	cr_expect_eq(tree.objects, 49);
	cr_expect_eq(tree.directories, 2);
	cr_assert_eq(tree_copy(&tree), 0, "%s", notes);
	cr_expect_eq(tree.copied, 49);
	cr_expect_eq(tree_prune(&tree), 0);
	cr_expect_eq(tree.removed, 0);
	cr_expect(is_same());
	cr_expect_eq(run("[ $(stat -c %b to/sparse) -lt 100 ]"), 0, "holes stay holes");
	cr_expect_eq(run("[ to/sub/a -ef to/c ] && [ to/c -ef to/sub/deep/b ]"), 0);
	cr_assert_eq(tree_copy(&tree), 0);
	cr_expect_eq(tree.copied, 0, "nothing is copied twice");
}

Test(vault_tree, what_changes_comes_too)
{
	cr_assert_eq(tree_copy(&tree), 0);
	cr_assert_eq(
		run("echo more >>from/f5 && rm from/f6 && mv from/f7 from/sub/f7 && mkdir from/new "
		    "&& "
		    "echo x >from/new/y && chmod 600 from/f8 && rm -r from/sub/deep && "
		    "rm from/f9 && mkdir from/f9 && echo z >from/f9/z && rm from/sub/pipe && "
		    "echo two >from/sub/a && rm from/dangling && ln -s elsewhere from/dangling"),
		0);
	cr_assert_eq(tree_copy(&tree), 0, "%s", notes);
	cr_assert_eq(tree_prune(&tree), 0);
	cr_expect_eq(tree.removed, 4, "f6, f7, deep with what is in it, and the pipe: %llu",
		(unsigned long long)tree.removed);
	cr_assert_eq(tree_copy(&tree), 0);
	cr_expect_eq(tree.copied, 0);
	cr_expect(is_same());
}

Test(vault_tree, what_is_not_the_same_is_copied_anew)
{
	cr_assert_eq(tree_copy(&tree), 0);
	cr_assert_eq(tree_compare(&tree), 0, "%s", notes);
	cr_expect_eq(tree.changed, 0);
	/* as what a power cut takes from a file that was never synced: size and times are there */
	cr_assert_eq(run("touch -r to/f5 stamp && printf X | dd of=to/f5 bs=1 seek=7 conv=notrunc "
			 "2>/dev/null && "
			 "touch -r stamp to/f5 && rm to/f6 && chmod 600 to/f8"),
		0);
	cr_assert_eq(tree_compare(&tree), 0, "%s", notes);
	cr_expect_eq(tree.changed, 3, "%llu", (unsigned long long)tree.changed);
	cr_assert_eq(tree_copy(&tree), 0);
	cr_expect_eq(tree.copied, 3);
	cr_assert_eq(tree_compare(&tree), 0);
	cr_expect_eq(tree.changed, 0);
	cr_expect(is_same());
}

/* Killed anywhere: no name in the copy but of what is whole, and the next run ends it. */
Test(vault_tree, what_was_broken_off_goes_on)
{
	for (unsigned int i = 0; i < 25; i++) {
		pid_t child = fork();
		struct timespec wait = {.tv_nsec = 400000L * (i + 1)};

		cr_assert_geq(child, 0);
		if (child == 0) {
			(void)tree_copy(&tree);
			_exit(0);
		}
		(void)nanosleep(&wait, NULL);
		(void)kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, NULL, 0), child);
		cr_assert_eq(run("cd to && find . -type f ! -name '*..holdfast*' -print0 | "
				 "xargs -0 -r -I{} cmp {} ../from/{}"),
			0, "round %u", i);
	}
	cr_assert_eq(tree_copy(&tree), 0, "%s", notes);
	cr_assert_eq(tree_prune(&tree), 0);
	cr_expect(is_same());
	cr_expect_eq(run("[ -z \"$(find to -name '*..holdfast*')\" ]"), 0);
}

static bool is_zeros(int fd)
{
	char text[8192];
	ssize_t size = pread(fd, text, sizeof(text), 0);

	for (ssize_t i = 0; i < size; i++)
		if (text[i])
			return false;
	return size > 0;
}

Test(vault_tree, what_was_copied_is_wiped)
{
	int one = open("from/f5", O_RDONLY), named_thrice = open("from/c", O_RDONLY);
	cr_assert_eq(tree_copy(&tree), 0);
	cr_assert_eq(run("mkdir kept && cp -a to/. kept"), 0);
	tree.settled_ns = UINT64_MAX;
	cr_assert_eq(tree_discard(&tree), 0, "%s", notes);
	cr_expect_eq(run("[ -z \"$(ls -A from)\" ]"), 0);
	cr_expect_eq(run("diff -r --no-dereference -x pipe kept to"), 0, "the vault is as it was");
	cr_expect(is_zeros(one), "what the blocks hold that are given back");
	cr_expect(is_zeros(named_thrice), "and of a file with several names");
	(void)close(one);
	(void)close(named_thrice);
	cr_expect_str_empty(notes);
}

/* Written to the old place after the copy was made, and before it was wiped. */
Test(vault_tree, what_came_late_is_not_lost)
{
	struct timespec now;

	cr_assert_eq(tree_copy(&tree), 0);
	(void)usleep(50000);
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	tree.settled_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	(void)usleep(50000);
	cr_assert_eq(run("echo late >from/late && echo late >>from/f5 && echo late >>from/f10 && "
			 "echo vault >>to/f10 && rm to/f11 && mkdir from/dir && echo late "
			 ">from/dir/x && "
			 "touch from/f12"),
		0);
	cr_assert_eq(run("(tail -n 1 from/f5; cat from/f10) | sha256sum >sum; cp from/f10 f10"), 0);
	cr_assert_eq(tree_discard(&tree), 0, "%s", notes);
	cr_expect_eq(run("[ \"$(cat to/late)\" = late ] && [ \"$(cat to/dir/x)\" = late ]"), 0);
	cr_expect_eq(run("[ \"$(tail -n 1 to/f5.before-vault)\" = late ]"), 0, "it differed");
	cr_expect_eq(run("cmp f10 to/f10.before-vault && [ \"$(tail -n 1 to/f10)\" = vault ]"), 0);
	cr_expect_eq(
		run("[ ! -e to/f11 ]"), 0, "removed in the vault, unchanged here: stays removed");
	cr_expect_eq(run("[ ! -e to/f12.before-vault ]"), 0, "touched, the same");
	cr_expect(strstr(notes, "f10: was changed in both places"), "%s", notes);
	cr_expect_eq(run("[ -z \"$(ls -A from)\" ]"), 0);
}

/* Killed while it wipes, again and again: what it wiped half is not taken for a change. */
Test(vault_tree, wiping_that_was_broken_off_goes_on)
{
	struct timespec now;

	cr_assert_eq(tree_copy(&tree), 0);
	cr_assert_eq(run("mkdir kept && cp -a to/. kept"), 0);
	(void)usleep(50000);
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	tree.settled_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	for (unsigned int i = 0; i < 25; i++) {
		pid_t child = fork();
		struct timespec wait = {.tv_nsec = 300000L * (i + 1)};

		cr_assert_geq(child, 0);
		if (child == 0) {
			(void)tree_discard(&tree);
			_exit(0);
		}
		(void)nanosleep(&wait, NULL);
		(void)kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, NULL, 0), child);
	}
	cr_assert_eq(tree_discard(&tree), 0, "%s", notes);
	cr_expect_eq(run("diff -r --no-dereference -x pipe kept to"), 0, "%s", notes);
	cr_expect_eq(run("[ -z \"$(ls -A from)\" ]"), 0);
}

Test(vault_tree, what_can_not_move_is_named)
{
	cr_assert_eq(run("echo x >outside && ln outside from/inside"), 0);
	cr_expect_eq(tree_scan(&tree), -EMLINK);
	cr_expect(strstr(notes, "inside: has a further name outside"), "%s", notes);
	cr_assert_eq(run("rm outside"), 0);
	cr_expect_eq(tree_scan(&tree), 0, "%s", notes);
	cr_assert_eq(run("touch from/sub/" COPY_NEW), 0);
	cr_expect_eq(tree_scan(&tree), -EEXIST);
	cr_assert_eq(run("rm from/sub/" COPY_NEW
			 " && cd from && for i in $(seq 130); do mkdir d && cd d; done"),
		0);
	cr_expect_eq(tree_scan(&tree), -EFBIG);
	cr_expect(strstr(notes, "is too deep"), "%s", notes);
}

Test(vault_tree, a_full_disk_is_said)
{
	if (getuid() != 0)
		return;
	cr_assert_eq(run("mount -t tmpfs -o size=256k none to"), 0);
	tree.to_fd = open("to", O_RDONLY | O_DIRECTORY);
	cr_expect_eq(tree_copy(&tree), -ENOSPC);
	cr_expect(strstr(notes, "No space left on device"), "%s", notes);
	(void)close(tree.to_fd);
	cr_assert_eq(run("umount to"), 0);
}
