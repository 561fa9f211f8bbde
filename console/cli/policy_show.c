/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console policy show, diff: what was published, as text. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/cli/policy.h"
#include "policy/host/policy_files.h"

int policy_version(const char *text, uint64_t *ret_version)
{
	char *end;

	errno = 0;
	*ret_version = strtoull(text, &end, 10);
	return errno || *end || text[0] < '1' || text[0] > '9' || *ret_version > INT64_MAX ? -EINVAL
											   : 0;
}

static void keep_about(struct json_object *object, const char *text, void *userdata)
{
	struct policy_kept *kept = userdata;

	(void)text;
	(void)json_object_put(kept->about); /* there is one line */
	kept->about = json_object_get(object);
}

static int fd_read(int fd, uint8_t **ret_bytes, size_t *ret_size)
{
	struct stat status;
	auto_free uint8_t *bytes = NULL;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size > BUNDLE_SIZE_MAX)
		return -EFBIG;
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	if (pread(fd, bytes, (size_t)status.st_size, 0) != status.st_size)
		return -EIO;
	*ret_size = (size_t)status.st_size;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

int policy_fetch(uint64_t version, struct policy_kept *ret_kept)
{
	struct admin_request request = {.type = ADMIN_POLICY, .number = version};
	auto_close int fd = -EBADF;
	int r;

	*ret_kept = (struct policy_kept){0};
	r = client_ask_with(&request, -1, &fd, keep_about, ret_kept);
	if (r != CLI_DONE)
		return r;
	r = fd < 0 || !ret_kept->about ? -EPROTO : fd_read(fd, &ret_kept->bytes, &ret_kept->size);
	if (r == 0)
		r = bundle_parse(ret_kept->bytes, ret_kept->size, &ret_kept->bundle);
	return r < 0 ? cli_refuse("the console's answer is no policy: %s", strerror(-r)) : CLI_DONE;
}

void policy_kept_done(struct policy_kept *kept)
{
	(void)json_object_put(kept->about); /* freed; NULL is fine */
	free(kept->bytes);
}

static struct policy_files *unpack(const struct policy_kept *kept)
{
	auto_call(policy_files_freep) struct policy_files *files = policy_files_new();

	if (!files || policy_files_unpack(files, kept->bundle.packed, kept->bundle.packed_size) < 0)
		return NULL;
	return take_ptr(files);
}

static void print_files(const struct policy_files *files)
{
	struct policy_file file;

	for (size_t at = 0; policy_files_next(files, &at, &file);) {
		print_styled(PRINT_BOLD, "# %s\n", file.name);
		(void)fwrite(file.text, 1, file.size, stdout);
		if (file.size && file.text[file.size - 1] != '\n')
			(void)putchar('\n');
	}
}

static void print_about(const struct policy_kept *kept)
{
	char made[CLOCK_TEXT_SIZE], expires[CLOCK_TEXT_SIZE];
	const char *groups = json_text(kept->about, "groups");

	clock_format(kept->bundle.made_s * 1000, made);
	clock_format(kept->bundle.expires_s * 1000, expires);
	print_styled(PRINT_BOLD, "# version %llu, '%s', for %s%s, %llu %%\n",
		(unsigned long long)kept->bundle.version, kept->bundle.name,
		groups[0] ? "devices tagged " : "all devices", groups,
		(unsigned long long)json_number(kept->about, "percent"));
	(void)printf("# signed %s by key %s, taken by devices until %s\n", made,
		kept->bundle.key_id, expires);
}

int cli_policy_show(int argc, char **argv)
{
	auto_call(policy_kept_done) struct policy_kept kept = {0};
	auto_call(policy_files_freep) struct policy_files *files = NULL;
	uint64_t version = 0;
	bool is_json;
	int r;

	r = cli_options_json(argc, argv, cli_policy_usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (argc - optind > 1 || (optind < argc && policy_version(argv[optind], &version) < 0))
		return cli_usage(cli_policy_usage);
	r = policy_fetch(version, &kept);
	if (r != CLI_DONE)
		return r;
	if (is_json) {
		(void)puts(json_object_to_json_string_ext(kept.about, JSON_C_TO_STRING_PLAIN));
		return CLI_DONE;
	}
	files = unpack(&kept);
	if (!files)
		return cli_refuse("its files do not unpack");
	print_about(&kept);
	print_files(files);
	return CLI_DONE;
}

static bool find_file(
	const struct policy_files *files, const char *name, struct policy_file *ret_file)
{
	for (size_t at = 0; policy_files_next(files, &at, ret_file);)
		if (!strcmp(ret_file->name, name))
			return true;
	*ret_file = (struct policy_file){name, "", 0};
	return false;
}

static int text_fd(const struct policy_file *file)
{
	auto_close int fd = memfd_create("policy", 0);

	if (fd < 0 || write(fd, file->text, file->size) != (ssize_t)file->size ||
		lseek(fd, 0, SEEK_SET) < 0)
		return -EIO;
	return take_fd(fd);
}

/* By diff(1), of two versions of one file. enum cli_exit. */
static int diff_file(
	const struct policy_file *old, const struct policy_file *new, char *const *version)
{
	auto_close int from = text_fd(old), to = text_fd(new);
	char labels[2][512], paths[2][32];
	int status;
	pid_t pid;

	if (old->size == new->size && !memcmp(old->text, new->text, old->size))
		return CLI_DONE;
	(void)snprintf(labels[0], sizeof(labels[0]), "%.400s version %.20s", old->name, version[0]);
	(void)snprintf(labels[1], sizeof(labels[1]), "%.400s version %.20s", new->name, version[1]);
	(void)snprintf(paths[0], sizeof(paths[0]), "/dev/fd/%d", from);
	(void)snprintf(paths[1], sizeof(paths[1]), "/dev/fd/%d", to);
	(void)fflush(stdout);
	pid = from < 0 || to < 0 ? -1 : fork();
	if (pid == 0) {
		(void)execlp("diff", "diff", "-u", "--label", labels[0], "--label", labels[1],
			paths[0], paths[1], (char *)NULL); /* returns on failure only */
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
		WEXITSTATUS(status) > 1)
		return cli_refuse("cannot run diff(1)");
	return CLI_DONE;
}

static int diff(
	const struct policy_files *old, const struct policy_files *new, char *const *version)
{
	struct policy_file from, to;
	int r = CLI_DONE;

	for (size_t at = 0; r == CLI_DONE && policy_files_next(old, &at, &from);) {
		(void)find_file(new, from.name, &to); /* gone: against nothing */
		r = diff_file(&from, &to, version);
	}
	for (size_t at = 0; r == CLI_DONE && policy_files_next(new, &at, &to);)
		if (!find_file(old, to.name, &from))
			r = diff_file(&from, &to, version);
	return r;
}

int cli_policy_diff(int argc, char **argv)
{
	auto_call(policy_kept_done) struct policy_kept old = {0}, new = {0};
	auto_call(policy_files_freep) struct policy_files *from = NULL, *to = NULL;
	uint64_t versions[2];
	int r;

	if (argc != 3 || policy_version(argv[1], &versions[0]) < 0 ||
		policy_version(argv[2], &versions[1]) < 0)
		return cli_usage(cli_policy_usage);
	r = policy_fetch(versions[0], &old);
	if (r == CLI_DONE)
		r = policy_fetch(versions[1], &new);
	if (r != CLI_DONE)
		return r;
	from = unpack(&old);
	to = unpack(&new);
	return from && to ? diff(from, to, argv + 1) : cli_refuse("their files do not unpack");
}
