/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console init --join: one more console before the database that others have. Its keys were
 * copied from one of them by whoever may read them; what is its own is made here: the certificate by
 * which it is known, and its name in the database.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileges.h"
#include "console/authority/ca_files.h"
#include "console/cli/cli.h"
#include "console/cli/database.h"
#include "console/cli/init.h"
#include "console/frontend/frontend.h"
#include "console/store/service.h"

static bool is_there(const char *directory, const char *file)
{
	char path[PATH_MAX];

	cli_path(path, sizeof(path), directory, file);
	return access(path, F_OK) == 0;
}

static int check_copied(void)
{
	const char *const wanted[][2] = {{CLI_STORE_DIRECTORY, SERVICE_SEAL_KEY},
		{CLI_STORE_DIRECTORY, LOCATION_ADDRESS},
		{CLI_AUTHORITY_DIRECTORY, CA_ISSUING_CERTIFICATE},
		{CLI_AUTHORITY_DIRECTORY, is_there(CLI_AUTHORITY_DIRECTORY, CA_ISSUING_URI)
						  ? CA_ISSUING_URI
						  : CA_ISSUING_KEY},
		{CLI_AUTHORITY_DIRECTORY, CA_ROOT_CERTIFICATE}};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!is_there(wanted[i][0], wanted[i][1]))
			return cli_refuse(
				"'%s/%s/%s' is not there: copy %s, %s and %s of a console that has "
				"the database to this one's state directory first",
				cli.state_directory, wanted[i][0], wanted[i][1],
				CLI_STORE_DIRECTORY, CLI_AUTHORITY_DIRECTORY, CLI_DEVICES_FILE);
	if (is_there(CLI_AUTHORITY_DIRECTORY, CA_ROOT_KEY))
		(void)fprintf(stderr,
			"holdfast-console: the root's key need not be on this machine: remove "
			"%s/%s/%s\n",
			cli.state_directory, CLI_AUTHORITY_DIRECTORY, CA_ROOT_KEY);
	return CLI_DONE;
}

static int make_certificate(const struct init_plan *plan)
{
	auto_close int authority = init_open_directory(CLI_AUTHORITY_DIRECTORY);
	auto_close int tls = -EBADF;
	char path[PATH_MAX];

	cli_path(path, sizeof(path), CLI_TLS_DIRECTORY, "");
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	tls = init_open_directory(CLI_TLS_DIRECTORY);
	if (authority < 0 || tls < 0)
		return -errno;
	return ca_files_server(authority, tls, plan->names, plan->name_count);
}

/* Whether the database has a console's tables and this one may write to them. */
static int check_database(void)
{
	auto_call(store_freep) struct store *store = NULL;
	char tenant[STORE_TEXT_SIZE];
	int r;

	r = database_open(STORE_WRITE, &store);
	if (r == 0)
		r = store_tenant(store, tenant, sizeof(tenant));
	if (r < 0)
		return cli_refuse("cannot use the database: %s", store_error(r));
	if (!strcmp(tenant, STORE_TENANT_NONE))
		return cli_refuse("no console was ever made in this database: run "
				  "'holdfast-console init --database' on the first one");
	return CLI_DONE;
}

int init_join(struct init_plan *plan)
{
	char directory[PATH_MAX];
	int r;

	r = check_copied();
	if (r != CLI_DONE)
		return r;
	cli_path(directory, sizeof(directory), CLI_STORE_DIRECTORY, "");
	r = location_join(directory, plan->names[0]);
	if (r < 0)
		return cli_refuse("cannot join '%s': %s", directory,
			r == -EOPNOTSUPP ? "its database is a file, which is one console's"
					 : strerror(-r));
	r = make_certificate(plan);
	if (r == 0)
		r = init_give_away(plan);
	if (r < 0)
		return cli_refuse("cannot make the server's certificate: %s", strerror(-r));
	r = check_database();
	if (r != CLI_DONE)
		return r;
	(void)printf("This console has joined, as %s. Start it:\n"
		     "  systemctl enable --now holdfast-console\n"
		     "Devices need its address: in console.ini, one more address in url =.\n",
		plan->names[0]);
	return CLI_DONE;
}
