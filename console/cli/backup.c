/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console backup, restore: of the database. A restored one is older than the devices
 * remember: it asks each for what came after the backup, gets what the device still has, and shows
 * the rest as a finding. What was made stricter since the backup stays so.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "console/cli/cli.h"
#include "console/cli/database.h"
#include "console/store/audit.h"
#include "console/store/service.h"

#define NEW_NAME    LOCATION_FILE ".new"
#define OLD_NAME    LOCATION_FILE ".before-restore"
#define ROWS_A_TURN 64

static const char usage_backup[] =
	"usage: holdfast-console backup FILE\n"
	"Copies the database to FILE, whole and checked, also while the console runs.\n"
	"The keys below the state directory are not in it: copy those once, to a safe place.\n";

static const char usage_restore[] =
	"usage: holdfast-console restore FILE\n"
	"       holdfast-console restore      (PostgreSQL: after pg_restore)\n"
	"Puts a backup in the database's place; the console must be stopped. What was there is "
	"kept\n"
	"beside it, as console.db.before-restore.\n"
	"Devices send again what they still have; what they have no more is shown by 'findings'.\n"
	"Devices that enrolled after the backup have to enrol again. Devices that were suspended "
	"or\n"
	"revoked since the backup, and tokens that were revoked, stay so.\n";

static const char *explain(int r)
{
	switch (r) {
	case -EPROTO:
		return "it is no database of a console, or one of a newer holdfast-console";
	case -EBADMSG:
		return "it is damaged";
	case -EEXIST:
		return "it is there already";
	default:
		return strerror(-r);
	}
}

static const char words_backup[] =
	"the database is PostgreSQL's: copy it with pg_dump, as\n"
	"  pg_dump --format=custom --file=FILE postgresql://ROLE@HOST/NAME\n"
	"or with what its administrators use for all of theirs; it is whole at any time. The keys "
	"below\n"
	"the state directory are not in it.";

/* Whether the database is one that others copy. */
static bool is_elsewhere(void)
{
	char location[LOCATION_SIZE];

	return database_location(location) == 0 && store_is_address(location);
}

/* The one argument of both; OPTIONS_GO_ON. */
static int parse_file(int argc, char **argv, const char *usage, const char **ret_file)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout), CLI_DONE;
	if (argc != 2 || argv[1][0] == '-')
		return cli_usage(usage);
	*ret_file = argv[1];
	return OPTIONS_GO_ON;
}

static int events_of(struct store *store, int64_t *ret_events)
{
	struct store_totals totals;
	int r = store_totals(store, &totals);

	if (r == 0)
		*ret_events = totals.events;
	return r;
}

static int count_events(const char *path, int64_t *ret_events)
{
	auto_call(store_freep) struct store *store = NULL;
	int r = store_open(path, STORE_READ, &store);

	return r < 0 ? r : events_of(store, ret_events);
}

int cli_backup(int argc, char **argv)
{
	char path[PATH_MAX];
	const char *file;
	int64_t events = 0;
	int r;

	r = parse_file(argc, argv, usage_backup, &file);
	if (r != OPTIONS_GO_ON)
		return r;
	if (is_elsewhere())
		return cli_refuse("%s", words_backup);
	cli_path(path, sizeof(path), CLI_STORE_DIRECTORY, LOCATION_FILE);
	if (access(path, R_OK) < 0)
		return cli_refuse("cannot read '%s': %s", path, strerror(errno));
	r = store_backup(path, file);
	if (r < 0)
		return cli_refuse("cannot make '%s': %s", file, explain(r));
	r = count_events(file, &events);
	if (r < 0)
		return cli_refuse("'%s' can't be read back: %s", file, explain(r));
	(void)printf("%lld events are in '%s'\n", (long long)events, file);
	return CLI_DONE;
}

/* Suspended and revoked devices of the database that is replaced. */
static int carry_devices(struct store *from, struct store *to, unsigned int *ret_count)
{
	static struct store_device devices[ROWS_A_TURN];
	struct store_device device;
	int64_t after = 0;
	int count, r;

	do {
		count = store_devices(from, after, devices, ROWS_A_TURN);
		for (int i = 0; i < count; i++) {
			after = devices[i].id;
			if (devices[i].state < DEVICE_SUSPENDED)
				continue;
			r = store_device_by_uid(to, devices[i].uid, &device);
			if (r == -ENOENT || (r == 0 && device.state >= devices[i].state))
				continue;
			if (r == 0)
				r = store_device_set_state(to, device.id, devices[i].state,
					"restore", "so it was in the database that was replaced",
					(int64_t)clock_day_ms());
			if (r < 0)
				return r;
			++*ret_count;
		}
	} while (count == ROWS_A_TURN);
	return count < 0 ? count : 0;
}

static int carry_tokens(struct store *from, struct store *to, unsigned int *ret_count)
{
	static struct store_token tokens[ROWS_A_TURN];
	struct store_token token;
	int64_t after = 0;
	int count, r;

	do {
		count = store_tokens(from, after, tokens, ROWS_A_TURN);
		for (int i = 0; i < count; i++) {
			after = tokens[i].id;
			r = store_token_get(to, tokens[i].id, &token);
			if (r == -ENOENT ||
				(r == 0 && (token.made_ms != tokens[i].made_ms ||
						   token.is_revoked || !tokens[i].is_revoked)))
				continue;
			if (r == 0)
				r = store_token_revoke(to, token.id);
			if (r < 0)
				return r;
			++*ret_count;
		}
	} while (count == ROWS_A_TURN);
	return count < 0 ? count : 0;
}

/* What the copy must know before it is used. from: NULL when what it replaces can't be read. */
static int prepare(struct store *from, struct store *to, const char *file, unsigned int *ret_count)
{
	char when[CLOCK_TEXT_SIZE], what[PATH_MAX + 64];
	int r;

	clock_format(clock_day_ms(), when);
	(void)snprintf(what, sizeof(what), "%s, from %s", when, file);
	r = store_begin(to);
	if (r == 0)
		r = store_devices_restored(to);
	if (r == 0 && from)
		r = carry_devices(from, to, ret_count);
	if (r == 0 && from)
		r = carry_tokens(from, to, ret_count);
	if (r == 0)
		r = store_set(to, "restored", what);
	if (r == 0)
		r = store_audit(to, "restore", "database restored", what, (int64_t)clock_day_ms());
	return r == 0 ? store_commit(to) : r;
}

/* A changed and closed copy is one file again: nothing of it is left in a log beside it. */
static int prepare_copy(
	const char *current, const char *copy, const char *file, int64_t *ret_events)
{
	auto_call(store_freep) struct store *from = NULL;
	auto_call(store_freep) struct store *to = NULL;
	unsigned int count = 0;
	int r, found;

	found = store_open(current, STORE_WRITE, &from); /* its log goes into it at the close */
	if (found < 0 && found != -ENOENT)
		(void)fprintf(stderr,
			"holdfast-console: the database in use can't be read (%s): what was "
			"suspended or revoked since the backup has to be so again\n",
			explain(found));
	r = store_open(copy, STORE_WRITE, &to);
	if (r == 0)
		r = prepare(found < 0 ? NULL : from, to, file, &count);
	if (r == 0)
		r = events_of(to, ret_events);
	if (r == 0 && count)
		(void)printf("%u devices and tokens that were suspended or revoked since stay so\n",
			count);
	return r;
}

static int keep_owner(const char *current, const char *copy)
{
	struct stat status;

	if (stat(current, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	return chown(copy, status.st_uid, status.st_gid) < 0 ? -errno : 0;
}

static int swap(const char *current, const char *copy, const char *old)
{
	char path[PATH_MAX];
	auto_close int fd = -EBADF;

	if (rename(current, old) < 0 && errno != ENOENT)
		return -errno;
	if (rename(copy, current) < 0)
		return -errno;
	cli_path(path, sizeof(path), CLI_STORE_DIRECTORY, "");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int restore(const char *file)
{
	char current[PATH_MAX], copy[PATH_MAX], old[PATH_MAX];
	int64_t events = 0;
	int r;

	cli_path(current, sizeof(current), CLI_STORE_DIRECTORY, LOCATION_FILE);
	cli_path(copy, sizeof(copy), CLI_STORE_DIRECTORY, NEW_NAME);
	cli_path(old, sizeof(old), CLI_STORE_DIRECTORY, OLD_NAME);
	(void)unlink(copy); /* of a restore that did not finish */
	r = store_backup(file, copy);
	if (r < 0)
		return cli_refuse("cannot take '%s': %s. Nothing is changed", file, explain(r));
	r = prepare_copy(current, copy, file, &events);
	if (r == 0)
		r = keep_owner(current, copy);
	if (r == 0)
		r = swap(current, copy, old);
	if (r < 0)
		return cli_refuse("cannot restore '%s': %s", file, explain(r));
	(void)printf("restored, with %lld events; what was there is '%s'\n"
		     "Start the console: devices send again what they still have. See\n"
		     "'holdfast-console findings' for what they have no more.\n",
		(long long)events, old);
	return CLI_DONE;
}

/* What pg_restore put back is told so: its devices go on with a finding, not as copies. */
static int mark_restored(void)
{
	auto_call(store_freep) struct store *store = NULL;
	unsigned int count = 0;
	int r;

	r = database_open(STORE_WRITE, &store);
	if (r == 0)
		r = prepare(NULL, store, "pg_restore", &count);
	if (r < 0)
		return cli_refuse("cannot mark the database as restored: %s", store_error(r));
	(void)printf(
		"Marked as restored. Start the consoles: devices send again what they still have;\n"
		"'holdfast-console findings' shows what they have no more. Devices and tokens\n"
		"that were suspended or revoked since the copy have to be so again.\n");
	return CLI_DONE;
}

int cli_restore(int argc, char **argv)
{
	const char *file;
	int r;

	if (argc == 1 && is_elsewhere())
		return mark_restored();
	r = parse_file(argc, argv, usage_restore, &file);
	if (r != OPTIONS_GO_ON)
		return r;
	if (is_elsewhere())
		return cli_refuse(
			"the database is PostgreSQL's: stop all consoles, put the copy back "
			"with pg_restore,\nand run 'holdfast-console restore' without a "
			"file");
	if (access(file, R_OK) < 0)
		return cli_refuse("cannot read '%s': %s", file, strerror(errno));
	r = cli_lock();
	if (r == -EBUSY)
		return cli_refuse("the console runs: stop it first");
	if (r < 0)
		return cli_refuse(
			"there is no console in '%s': %s", cli.state_directory, strerror(-r));
	return restore(file);
}
