/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console init: everything a console needs, made once, in directories that were not there:
 * what fails leaves none of them behind. Secrets are printed, once, and kept as hashes.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/hpke.h"
#include "common/privileges.h"
#include "console/authority/ca_files.h"
#include "console/authority/tenant_key.h"
#include "console/cli/database.h"
#include "console/cli/init.h"
#include "console/frontend/frontend.h"
#include "console/store/audit.h"
#include "console/store/service.h"

#define TOKEN_DAYS 7
#define DAY_MS	   (24 * 60 * 60 * INT64_C(1000))

static const char usage[] =
	"usage: holdfast-console init [--name HOST]... [--tenant TEXT] [--admin NAME]\n"
	"                             [--passphrase-file FILE] [--policy-passphrase-file FILE]\n"
	"                             [--database URL [--database-password-file FILE]]\n"
	"       holdfast-console init --join [--name HOST]...\n"
	"Makes a console: root and issuing authority, the server's certificate, the key that "
	"devices\n"
	"seal to, the key that signs policies, the database, the first administrator and the first "
	"enrolment token.\n"
	"  --name HOST             DNS name or address by which devices reach it (this host's "
	"name);\n"
	"                          at most 16 times\n"
	"  --tenant TEXT           the organisation's name, for people\n"
	"  --admin NAME            the first administrator (admin)\n"
	"  --passphrase-file FILE  of the root's key; without it, one is made and printed\n"
	"  --policy-passphrase-file FILE  likewise, of the key that signs policies\n"
	"  --ca-key URI            the issuing key is in a PKCS#11 token, and was made there:\n"
	"           pkcs11:token=T;object=KEY?module-path=/MODULE.so&pin-source=/FILE\n"
	"  --database URL          a PostgreSQL database, empty, that other consoles may join:\n"
	"                          postgresql://ROLE@HOST/NAME, without a password; a file of its\n"
	"                          own (SQLite) is used without it\n"
	"  --database-password-file FILE  of that role; not needed on a socket with peer\n"
	"                          authentication, where the role is " CLI_STORE_USER "\n"
	"  --join                  this console has the database and the keys of another one, "
	"copied\n"
	"                          to its state directory; see holdfast-console(8)\n";

static int parse_options(int argc, char **argv, struct init_plan *plan)
{
	static const struct option known[] = {{"name", required_argument, NULL, 'n'},
		{"tenant", required_argument, NULL, 't'}, {"admin", required_argument, NULL, 'a'},
		{"passphrase-file", required_argument, NULL, 'p'},
		{"policy-passphrase-file", required_argument, NULL, 'k'},
		{"ca-key", required_argument, NULL, 'c'},
		{"database", required_argument, NULL, 'd'},
		{"database-password-file", required_argument, NULL, 'w'},
		{"join", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int option;

	plan->admin = "admin";
	plan->tenant = "";
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'n' && plan->name_count < CA_SERVER_NAMES)
			plan->names[plan->name_count++] = optarg;
		else if (option == 't')
			plan->tenant = optarg;
		else if (option == 'a' && optarg[0] && strlen(optarg) < STORE_TEXT_SIZE)
			plan->admin = optarg;
		else if (option == 'p')
			plan->passphrase_file = optarg;
		else if (option == 'k')
			plan->policy_file = optarg;
		else if (option == 'c')
			plan->ca_key = optarg;
		else if (option == 'd' && store_is_address(optarg))
			plan->database = optarg;
		else if (option == 'w')
			plan->password_file = optarg;
		else if (option == 'j')
			plan->is_joining = true;
		else
			return cli_usage(usage);
	}
	if (optind != argc || strlen(plan->tenant) >= STORE_TEXT_SIZE ||
		(plan->password_file && !plan->database) || (plan->database && plan->is_joining))
		return cli_usage(usage);
	return OPTIONS_GO_ON;
}

static int find_users(struct init_plan *plan)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0) /* for trying it out: all its processes are this user's */
		return CLI_DONE;
	if (privileges_find_user(CLI_STORE_USER, &plan->store_uid, &plan->store_gid) < 0 ||
		privileges_find_user(CLI_FRONTEND_USER, &plan->frontend_uid, &plan->frontend_gid) <
			0 ||
		privileges_find_user(CLI_AUTHORITY_USER, &uid, &gid) < 0)
		return cli_refuse(
			"users " CLI_STORE_USER ", " CLI_FRONTEND_USER " and " CLI_AUTHORITY_USER
			" are needed:\ncreate them with systemd-sysusers and "
			"packaging/sysusers-console.conf, or with useradd --system");
	return CLI_DONE;
}

/* The one in the file, or one that is made and printed. */
static int take_passphrase(
	const char *path, const char *what, struct init_passphrase *ret_passphrase)
{
	int r;

	ret_passphrase->is_made = !path;
	if (!path) {
		r = secret_make(ret_passphrase->text);
		return r < 0 ? cli_refuse("cannot make a passphrase: %s", strerror(-r)) : CLI_DONE;
	}
	r = passphrase_read(path, what, ret_passphrase->text);
	if (r != CLI_DONE)
		return r;
	if (strlen(ret_passphrase->text) < CA_PASSPHRASE_MIN)
		return cli_refuse("the passphrase in '%s' is shorter than %d characters", path,
			CA_PASSPHRASE_MIN);
	return CLI_DONE;
}

static int read_passphrases(struct init_plan *plan)
{
	int r;

	r = take_passphrase(plan->passphrase_file, "root key", &plan->root);
	if (r != CLI_DONE)
		return r;
	r = take_passphrase(plan->policy_file, "policy key", &plan->policy);
	if (r == CLI_DONE && plan->password_file)
		r = passphrase_read(plan->password_file, "database", plan->password.text);
	return r;
}

/* Makes them, or none: an earlier console's are left as they are. */
static int make_directories(void)
{
	static const char *const names[] = {CLI_STORE_DIRECTORY, CLI_AUTHORITY_DIRECTORY,
		CLI_KEYS_DIRECTORY, CLI_TLS_DIRECTORY, CLI_SIGNING_DIRECTORY};
	char path[PATH_MAX], database[PATH_MAX], location[LOCATION_SIZE];
	struct stat status;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cli_path(path, sizeof(path), names[i], "");
		if (lstat(path, &status) < 0)
			continue;
		cli_path(database, sizeof(database), CLI_STORE_DIRECTORY, LOCATION_FILE);
		if (access(database, F_OK) == 0 || database_location(location) == 0)
			return cli_refuse("there is a console in '%s' already: nothing is changed",
				cli.state_directory);
		return cli_refuse("'%s' is there, of an init that did not finish: nothing is "
				  "changed.\nRemove what is in '%s' and run init again.",
			path, cli.state_directory);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cli_path(path, sizeof(path), names[i], "");
		if (mkdir(path, 0700) < 0)
			return cli_refuse("cannot make '%s': %s", path, strerror(errno));
	}
	return CLI_DONE;
}

static void remove_files(const char *directory, const char *const *files, size_t count)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < count; i++) {
		cli_path(path, sizeof(path), directory, files[i]);
		(void)unlink(path); /* it may not have been made, here and below */
	}
	cli_path(path, sizeof(path), directory, "");
	(void)rmdir(path);
}

/* What a failed init made; it was not there before. */
static void undo(void)
{
	static const char *const store[] = {LOCATION_FILE, LOCATION_FILE "-wal",
		LOCATION_FILE "-shm", SERVICE_SEAL_KEY, LOCATION_ADDRESS, LOCATION_PASSWORD};
	static const char *const authority[] = {CA_ROOT_CERTIFICATE, CA_ROOT_KEY,
		CA_ISSUING_CERTIFICATE, CA_ISSUING_KEY, CA_ISSUING_URI, CA_PIN_REFUSED};
	static const char *const tls[] = {FRONTEND_CERTIFICATE, FRONTEND_KEY};
	static const char *const signing[] = {CLI_POLICY_KEY};
	static const char *const keys[] = {TENANT_KEY_FILE, TENANT_KEY_PASSPHRASE, KEY_SLOTS_FILE};
	char path[PATH_MAX];

	cli_path(path, sizeof(path), CLI_DEVICES_FILE, "");
	(void)unlink(path); /* as below */
	remove_files(CLI_SIGNING_DIRECTORY, signing, 1);
	remove_files(CLI_KEYS_DIRECTORY, keys, 3);
	remove_files(CLI_STORE_DIRECTORY, store, 6);
	remove_files(CLI_AUTHORITY_DIRECTORY, authority, 6);
	remove_files(CLI_TLS_DIRECTORY, tls, 2);
}

int init_open_directory(const char *name)
{
	char path[PATH_MAX];

	cli_path(path, sizeof(path), name, "");
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int make_certificates(struct init_plan *plan, const char *tenant)
{
	auto_close int authority = init_open_directory(CLI_AUTHORITY_DIRECTORY);
	auto_close int tls = init_open_directory(CLI_TLS_DIRECTORY);
	int r;

	if (authority < 0 || tls < 0)
		return -errno;
	r = ca_files_create(authority,
		&(const struct ca_plan){tenant, plan->root.text, plan->ca_key}, plan->token_words);
	return r < 0 ? r : ca_files_server(authority, tls, plan->names, plan->name_count);
}

static int make_seal_key(void)
{
	uint8_t private_key[HPKE_KEY_SIZE], public_key[HPKE_KEY_SIZE];
	char path[PATH_MAX];
	auto_close int fd = -EBADF;
	int r;

	r = hpke_key_generate(private_key, public_key);
	if (r < 0)
		return r;
	cli_path(path, sizeof(path), CLI_STORE_DIRECTORY, SERVICE_SEAL_KEY);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write(fd, private_key, sizeof(private_key)) == sizeof(private_key) ? 0 : -EIO;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	explicit_bzero(private_key, sizeof(private_key));
	return r;
}

static int make_tenant_key(void)
{
	auto_close int keys = init_open_directory(CLI_KEYS_DIRECTORY);

	return keys < 0 ? -errno : tenant_key_make(keys);
}

static int fill_database(struct store *store, struct init_plan *plan, const char *tenant)
{
	int64_t now_ms = (int64_t)clock_day_ms();
	struct store_token token = {.name = "made by init",
		.uses_left = 1,
		.made_ms = now_ms,
		.expires_ms = now_ms + TOKEN_DAYS * DAY_MS,
		.made_by = "init"};
	char hash[SECRET_HASH_SIZE];
	int r;

	r = secret_make(plan->secret);
	if (r == 0)
		r = secret_hash(plan->secret, hash);
	if (r == 0)
		r = store_begin(store);
	if (r == 0)
		r = store_tenant_set(store, tenant);
	if (r == 0)
		r = store_set(store, "tenant", plan->tenant[0] ? plan->tenant : tenant);
	if (r == 0)
		r = store_administrator_add(store, plan->admin, hash, true, now_ms);
	if (r == 0)
		r = enrolment_token_make(store, &token, plan->token);
	if (r == 0)
		r = store_audit(store, "init", "console made", HOLDFAST_VERSION, now_ms);
	return r == 0 ? store_commit(store) : r;
}

static int give_away(const char *directory, const char *file, uid_t uid, gid_t gid)
{
	char path[PATH_MAX];

	if (geteuid() != 0)
		return 0;
	cli_path(path, sizeof(path), directory, file);
	return lchown(path, uid, gid) < 0 ? -errno : 0;
}

/* The authority's stay root's: it reads them before it becomes who it is. */
int init_give_away(const struct init_plan *plan)
{
	static const char *const store[] = {
		"", SERVICE_SEAL_KEY, LOCATION_FILE, LOCATION_ADDRESS, LOCATION_PASSWORD};
	static const char *const tls[] = {"", FRONTEND_CERTIFICATE, FRONTEND_KEY};
	int r = 0;

	for (size_t i = 0; i < 5 && r == 0; i++) {
		r = give_away(CLI_STORE_DIRECTORY, store[i], plan->store_uid, plan->store_gid);
		if (r == -ENOENT && i >= 2) /* one kind of database, or the other one */
			r = 0;
	}
	for (size_t i = 0; i < 3 && r == 0; i++)
		r = give_away(CLI_TLS_DIRECTORY, tls[i], plan->frontend_uid, plan->frontend_gid);
	return r;
}

/* The address is written down first: that is where the database is opened from, as its user. */
static int note_database(const struct init_plan *plan)
{
	char directory[PATH_MAX];
	int r = 0;

	cli_path(directory, sizeof(directory), CLI_STORE_DIRECTORY, "");
	if (plan->password_file)
		r = location_write_password(directory, plan->password.text);
	if (r == 0)
		r = location_write(directory, plan->database, plan->names[0]);
	return r == 0 ? init_give_away(plan) : r;
}

static int make_database(struct init_plan *plan, const char *tenant)
{
	auto_call(store_freep) struct store *store = NULL;
	char path[PATH_MAX], known[STORE_TEXT_SIZE];
	int r;

	cli_path(path, sizeof(path), CLI_STORE_DIRECTORY, LOCATION_FILE);
	r = plan->database ? note_database(plan) : 0;
	if (r == 0)
		r = plan->database ? database_open(STORE_WRITE, &store)
				   : store_open(path, STORE_WRITE, &store);
	if (r == 0)
		r = store_tenant(store, known, sizeof(known));
	if (r == 0 && strcmp(known, STORE_TENANT_NONE) != 0)
		r = -EEXIST;
	return r < 0 ? r : fill_database(store, plan, tenant);
}

static int make_all(struct init_plan *plan)
{
	char tenant[UUID_TEXT_SIZE];
	uint8_t uid[CONSOLE_UID_SIZE];
	const char *what = "certificates";
	int r;

	if (getrandom(uid, sizeof(uid), 0) != sizeof(uid))
		return cli_refuse("cannot get random bytes: %s", strerror(errno));
	uid[6] = (uint8_t)((uid[6] & 0x0f) | 0x40); /* RFC 9562: version 4 */
	uid[8] = (uint8_t)((uid[8] & 0x3f) | 0x80);
	uuid_format(uid, tenant);
	r = make_certificates(plan, tenant);
	if (r == 0) {
		what = "policy key";
		r = signing_key_create(plan->policy.text);
	}
	if (r == 0) {
		what = "seal key";
		r = make_seal_key();
	}
	if (r == 0) {
		what = "tenant's root key";
		r = make_tenant_key();
	}
	if (r == 0) {
		what = "database";
		r = make_database(plan, tenant);
	}
	if (r == 0) {
		what = "owners of the files";
		r = init_give_away(plan);
	}
	if (r == 0)
		return CLI_DONE;
	undo();
	if (plan->token_words[0])
		return cli_refuse("cannot make the issuing authority: %s. Nothing is made",
			plan->token_words);
	if (!strcmp(what, "database") && r == -EEXIST)
		return cli_refuse("there is a console in this database already: copy its keys here "
				  "and run 'holdfast-console init --join'. Nothing is made");
	if (!strcmp(what, "database"))
		return cli_refuse("cannot make the database: %s. Nothing is made", store_error(r));
	if (r == -EINVAL)
		return cli_refuse("cannot make the %s: one of the names is none that a "
				  "certificate can have. Nothing is made",
			what);
	return cli_refuse("cannot make the %s: %s. Nothing is made", what, strerror(-r));
}

static void print_next(const struct init_plan *plan)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(clock_day_ms() + TOKEN_DAYS * DAY_MS, until);
	print_styled(PRINT_GOOD, "The console is made, in %s.\n\n", cli.state_directory);
	print_styled(PRINT_BOLD, "Shown once. Write these down now:\n");
	(void)printf("  administrator        %s\n", plan->admin);
	(void)printf("  one-time secret      %s\n", plan->secret);
	(void)printf("  enrolment token      %s\n", plan->token);
	(void)printf("                       one device, until %s\n", until);
	if (plan->root.is_made)
		(void)printf("  root key passphrase  %s\n", plan->root.text);
	if (plan->policy.is_made)
		(void)printf("  policy key passphrase  %s\n", plan->policy.text);
	print_styled(PRINT_BOLD, "\nNext:\n");
	(void)printf("  1. Start it:           systemctl enable --now holdfast-console\n"
		     "     or in a terminal:   holdfast-console serve\n"
		     "  2. Enrol a device: give its agent %s/%s, by which it knows this\n"
		     "     console and its policies, and the token (above):\n"
		     "                         holdfast enrol --console https://%s:8443 \\\n"
		     "                           --ca devices.pem --token-file FILE\n"
		     "  3. Approve it:         holdfast-console device list --state pending\n"
		     "                         holdfast-console device approve NAME\n"
		     "  4. Its policy:         holdfast-console policy publish FILE\n"
		     "  5. More devices:       holdfast-console token create --help\n",
		cli.state_directory, CLI_DEVICES_FILE, plan->names[0]);
	(void)printf(
		"  6. Take %s/%s/%s to a place that is not on this\n"
		"     machine. It is needed for a new issuing authority only, in five years.\n"
		"     %s/%s/%s signs policies: who has it and its\n"
		"     passphrase says what devices do. It may be kept elsewhere too.\n"
		"     Keep a copy of %s/%s/%s as well: without it, what\n"
		"     devices have sealed and not delivered can't be read.\n"
		"  7. Before labels have keys ('holdfast-console key rotate'), see KEYS OF LABELS\n"
		"     in holdfast-console(8): %s/%s is in no backup of the\n"
		"     database, without it vaults can't be read, and its copies must go when a\n"
		"     key is destroyed.\n",
		cli.state_directory, CLI_AUTHORITY_DIRECTORY, CA_ROOT_KEY, cli.state_directory,
		CLI_SIGNING_DIRECTORY, CLI_POLICY_KEY, cli.state_directory, CLI_STORE_DIRECTORY,
		SERVICE_SEAL_KEY, cli.state_directory, CLI_KEYS_DIRECTORY);
}

int cli_init(int argc, char **argv)
{
	static struct init_plan plan;
	int r;

	r = parse_options(argc, argv, &plan);
	if (r != OPTIONS_GO_ON)
		return r;
	r = find_users(&plan);
	if (r == CLI_DONE && !plan.is_joining)
		r = read_passphrases(&plan);
	if (r != CLI_DONE)
		return r;
	if (!plan.name_count) {
		if (gethostname(plan.host, sizeof(plan.host) - 1) < 0)
			return cli_refuse("what is this host called? Say --name");
		plan.names[plan.name_count++] = plan.host;
	}
	(void)umask(022); /* returns the old one, here and below */
	if (mkdir(cli.state_directory, 0755) < 0 && errno != EEXIST)
		return cli_refuse("cannot make '%s': %s", cli.state_directory, strerror(errno));
	(void)umask(077);
	r = cli_lock();
	if (r == -EBUSY)
		return cli_refuse("there is a console in '%s' already, and it runs: nothing is "
				  "changed",
			cli.state_directory);
	if (r < 0)
		return cli_refuse("cannot write to '%s': %s", cli.state_directory, strerror(-r));
	if (plan.is_joining)
		return init_join(&plan);
	r = make_directories();
	if (r == CLI_DONE)
		r = make_all(&plan);
	if (r == CLI_DONE)
		print_next(&plan);
	explicit_bzero(&plan, sizeof(plan));
	return r;
}
