/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console device */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/cli/cli.h"
#include "console/cli/device_wipe.h"

static const char usage[] =
	"usage: holdfast-console device list [--state STATE] [--user NAME] [--json]\n"
	"       holdfast-console device show DEVICE [--json]\n"
	"       holdfast-console device approve|suspend|revoke DEVICE... [--why TEXT] [--wipe]\n"
	"       holdfast-console device wipe DEVICE [--files | --keys] [--reason TEXT] [--yes]\n"
	"       holdfast-console device wipe --withdraw DEVICE\n"
	"       holdfast-console device receipt DEVICE | --verify FILE [--ca FILE]\n"
	"       holdfast-console device pcr accept DEVICE...\n"
	"       holdfast-console device tag DEVICE +TAG|-TAG...\n"
	"       holdfast-console device assign DEVICE USER... | --nobody\n"
	"DEVICE is its uid or host name. Policies are published to tags, to devices, and to "
	"users:\n"
	"to the devices that are assigned to them.\n"
	"  --state STATE  pending, trusted, suspended or revoked\n"
	"  --user NAME    those that the account NAME was used on, and when\n"
	"  --why TEXT     is written down with it\n"
	"  --wipe         revoke: it is to destroy what it has, as 'device wipe --help' says\n"
	"What is suspended can be approved again; what is revoked has to enrol anew, with a new "
	"key.\n"
	"Both are in force at once, on open connections too.\n"
	"pcr accept takes what a device's TPM has measured, as it is now, for what it should be:\n"
	"measured-boot of a policy holds until it is otherwise.\n";

struct view {
	bool is_json;
	unsigned int count;
};

static enum print_style style_of(const char *state)
{
	if (!strcmp(state, "trusted"))
		return PRINT_GOOD;
	return !strcmp(state, "revoked") ? PRINT_BAD : PRINT_WARN;
}

static void print_time(const char *what, struct json_object *object, const char *path)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(object, path), when);
	(void)printf("%s%s", what, when);
}

static void print_account(struct json_object *account)
{
	print_clean(json_text(account, "name"));
	print_time("  first seen ", account, "first_seen");
	print_time(", last ", account, "last_seen");
}

static void print_row(struct json_object *device, const char *text, void *userdata)
{
	struct view *view = userdata;
	const char *state = json_text(device, "state");
	struct json_object *accounts = json_at(device, "accounts");

	view->count++;
	if (view->is_json) {
		(void)puts(text);
		return;
	}
	print_styled(style_of(state), "%-10s", state);
	(void)printf("%s  ", json_text(device, "uid"));
	print_clean(json_text(device, "host"));
	print_time("  seen ", device, "last_seen");
	(void)printf("  up to event %llu", (unsigned long long)json_number(device, "ack"));
	if (json_number(device, "policy.applied"))
		(void)printf(
			"  policy %llu", (unsigned long long)json_number(device, "policy.applied"));
	if (json_text(device, "policy.code")[0])
		print_styled(PRINT_BAD, "  rejected %llu",
			(unsigned long long)json_number(device, "policy.rejected"));
	if (json_text(device, "tags")[0])
		(void)printf("  [%s]", json_text(device, "tags"));
	if (json_text(device, "users")[0]) {
		(void)fputs("  of ", stdout);
		print_clean(json_text(device, "users"));
	}
	device_wipe_print_row(device);
	if (accounts && json_object_array_length(accounts)) {
		(void)fputs("  used by ", stdout);
		print_account(json_object_array_get_idx(accounts, 0));
	}
	(void)putchar('\n');
}

static void print_policy(struct json_object *device)
{
	if (json_text(device, "tags")[0])
		(void)printf("  tags %s\n", json_text(device, "tags"));
	if (json_text(device, "users")[0]) {
		(void)fputs("  assigned to ", stdout);
		print_clean(json_text(device, "users"));
		(void)putchar('\n');
	}
	if (json_number(device, "policy.sent")) {
		(void)printf("  policy %llu sent",
			(unsigned long long)json_number(device, "policy.sent"));
		print_time(" ", device, "policy.sent_time");
		(void)putchar('\n');
	}
	if (json_number(device, "policy.applied")) {
		(void)printf("  policy %llu in force, %s,",
			(unsigned long long)json_number(device, "policy.applied"),
			json_text(device, "policy.mode"));
		print_time(" since ", device, "policy.applied_time");
		(void)printf("\n    digest %s\n", json_text(device, "policy.digest"));
	}
	if (json_text(device, "policy.code")[0]) {
		print_styled(PRINT_BAD, "  policy %llu rejected: ",
			(unsigned long long)json_number(device, "policy.rejected"));
		print_clean(json_text(device, "policy.code"));
		print_time(", ", device, "policy.rejected_time");
		(void)putchar('\n');
	}
}

static void print_accounts(struct json_object *accounts)
{
	if (!accounts) /* of a console that is older */
		return;
	if (json_object_array_length(accounts))
		print_styled(PRINT_BOLD, "Accounts used on it\n");
	for (size_t i = 0; i < json_object_array_length(accounts); i++) {
		(void)fputs("  ", stdout);
		print_account(json_object_array_get_idx(accounts, i));
		(void)putchar('\n');
	}
}

static void print_changes(struct json_object *changes)
{
	print_styled(PRINT_BOLD, "Changes\n");
	for (size_t i = 0; i < json_object_array_length(changes); i++) {
		struct json_object *change = json_object_array_get_idx(changes, i);

		print_time("  ", change, "time");
		(void)printf("  %s -> %s, by %s", json_text(change, "from"),
			json_text(change, "to"), json_text(change, "who"));
		if (json_text(change, "why")[0]) {
			(void)fputs(": ", stdout);
			print_clean(json_text(change, "why"));
		}
		(void)putchar('\n');
	}
}

static void print_certificates(struct json_object *certificates)
{
	if (json_object_array_length(certificates))
		print_styled(PRINT_BOLD, "Certificates\n");
	for (size_t i = 0; i < json_object_array_length(certificates); i++) {
		struct json_object *certificate = json_object_array_get_idx(certificates, i);

		(void)printf("  %s  %-10s", json_text(certificate, "serial"),
			json_text(certificate, "state"));
		print_time("  until ", certificate, "not_after");
		(void)putchar('\n');
	}
}

static void print_boots(struct json_object *boots)
{
	static const char *const rest[][2] = {
		{"pruned", "pruned"}, {"lost", "lost"}, {"not_ocsf", "not OCSF"}};

	if (json_object_array_length(boots))
		print_styled(PRINT_BOLD, "Events by boot\n");
	for (size_t i = 0; i < json_object_array_length(boots); i++) {
		struct json_object *boot = json_object_array_get_idx(boots, i);
		unsigned long long missing = json_number(boot, "missing");

		print_time("  ", boot, "begun");
		(void)printf("  %s: %llu made, %llu delivered, %llu coalesced, ",
			json_text(boot, "boot"), (unsigned long long)json_number(boot, "made"),
			(unsigned long long)json_number(boot, "delivered"),
			(unsigned long long)json_number(boot, "coalesced"));
		for (size_t j = 0; j < 3; j++)
			if (json_number(boot, rest[j][0]))
				print_styled(PRINT_WARN, "%llu %s, ",
					(unsigned long long)json_number(boot, rest[j][0]),
					rest[j][1]);
		print_styled(missing ? PRINT_BAD : PRINT_PLAIN, "%llu missing\n", missing);
	}
}

static void print_findings(struct json_object *findings)
{
	if (json_object_array_length(findings))
		print_styled(PRINT_BOLD, "Findings\n");
	for (size_t i = 0; i < json_object_array_length(findings); i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i);

		print_time("  ", finding, "time");
		print_styled(PRINT_BAD, "  %s", json_text(finding, "kind"));
		(void)printf("  %llu to %llu: ", (unsigned long long)json_number(finding, "first"),
			(unsigned long long)json_number(finding, "last"));
		print_clean(json_text(finding, "text"));
		(void)putchar('\n');
	}
}

static void print_posture(struct json_object *device)
{
	struct json_object *unmet = json_at(device, "unmet");
	size_t count = unmet ? json_object_array_length(unmet) : 0;

	if (!json_text(device, "require")[0])
		return;
	print_styled(PRINT_BOLD, "Required of it\n");
	(void)printf("  %s\n", json_text(device, "require"));
	if (!count)
		print_styled(PRINT_GOOD, "  all of it is met, by what it says itself\n");
	for (size_t i = 0; i < count; i++) {
		print_styled(PRINT_BAD, "  NOT MET  ");
		print_clean(json_object_get_string(json_object_array_get_idx(unmet, i)));
		(void)putchar('\n');
	}
	if (count)
		(void)puts("  it gets no lease and no keys until it is");
}

/* The console's own: what of it a TPM has signed, and whether that was accepted. */
static void print_proof(struct json_object *device)
{
	const char *boot = json_text(device, "details.boot");
	const char *quote = json_text(device, "details.quoted");
	size_t size = strlen(boot);

	if (!json_text(device, "details.attestation_key")[0])
		return;
	print_styled(PRINT_BOLD, "Proven\n");
	if (!size || strncmp(quote, boot, size) != 0) {
		print_styled(PRINT_WARN, "  nothing of this boot is signed by its TPM\n");
		return;
	}
	(void)printf("  registers 0 to 7 of this boot, signed by its TPM: %.16s...%s\n",
		quote + size + 1,
		!json_text(device, "details.accepted_quote")[0] ? ", not accepted yet"
		: !strcmp(json_text(device, "details.accepted_quote"), quote + size + 1)
			? ", as accepted"
			: ", NOT AS ACCEPTED");
}

/* What the console found out itself stands elsewhere. */
static void print_record(struct json_object *details)
{
	if (!details || !json_object_object_length(details))
		return;
	print_styled(PRINT_BOLD, "As it says itself\n");
	json_object_object_foreach(details, name, value)
	{
		if (!strcmp(name, "unmet") || !strcmp(name, "boots") || !strcmp(name, "accepted") ||
			!strcmp(name, "accepted_quote") || !strcmp(name, "quoted") ||
			!strcmp(name, "attestation_key"))
			continue;
		(void)printf("  %-16s", name);
		print_clean(json_object_get_string(value));
		(void)putchar('\n');
	}
}

static void print_device(struct json_object *device, const char *text, void *userdata)
{
	struct view *view = userdata;
	const char *state = json_text(device, "state");

	if (view->is_json) {
		(void)puts(text);
		return;
	}
	print_styled(PRINT_BOLD, "%s  ", json_text(device, "uid"));
	print_clean(json_text(device, "host"));
	(void)fputs("\n  ", stdout);
	print_styled(style_of(state), "%s", state);
	(void)printf(
		", enrolled by token %llu\n", (unsigned long long)json_number(device, "token"));
	if (json_text(device, "os")[0] || json_text(device, "owner")[0])
		(void)printf("  %s %s\n", json_text(device, "owner"), json_text(device, "os"));
	print_time("  first seen ", device, "first_seen");
	print_time(", last ", device, "last_seen");
	(void)printf(" from %s\n", json_text(device, "address"));
	if (json_number(device, "ack"))
		(void)printf("  delivered up to event %llu\n",
			(unsigned long long)json_number(device, "ack"));
	else
		(void)printf("  has delivered nothing yet\n");
	device_wipe_print(device);
	print_policy(device);
	print_posture(device);
	print_proof(device);
	print_record(json_at(device, "details"));
	print_accounts(json_at(device, "accounts"));
	print_changes(json_at(device, "changes"));
	print_certificates(json_at(device, "certificates"));
	print_boots(json_at(device, "boots"));
	print_findings(json_at(device, "findings"));
}

static bool is_state(const char *word)
{
	return !strcmp(word, "pending") || !strcmp(word, "trusted") || !strcmp(word, "suspended") ||
	       !strcmp(word, "revoked");
}

static int list(int argc, char **argv)
{
	static const struct option known[] = {{"state", required_argument, NULL, 's'},
		{"user", required_argument, NULL, 'u'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_DEVICES};
	struct view view = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'j')
			view.is_json = true;
		else if (option == 's' && is_state(optarg))
			(void)strcpy(request.name, optarg); /* one of those words */
		else if (option == 'u' && optarg[0]) {
			if (!cli_text(request.user, sizeof(request.user), optarg))
				return CLI_USAGE;
		} else
			return cli_usage(usage);
	}
	if (optind != argc)
		return cli_usage(usage);
	r = client_ask(&request, print_row, &view);
	if (r == CLI_DONE && !view.count && !view.is_json && request.user[0])
		(void)printf("no device%s%s on which '%s' was seen\n",
			request.name[0] ? " that is " : "", request.name, request.user);
	else if (r == CLI_DONE && !view.count && !view.is_json)
		(void)printf(
			"no devices%s%s. One enrols with a token: see holdfast-console token\n",
			request.name[0] ? " that are " : " yet", request.name);
	return r;
}

static int show(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_DEVICE};
	struct view view = {0};
	int r;

	r = cli_options_json(argc, argv, usage, &view.is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind + 1 != argc)
		return cli_usage(usage);
	if (!cli_text(request.device, sizeof(request.device), argv[optind]))
		return CLI_USAGE;
	return client_ask(&request, print_device, &view);
}

static int change(int argc, char **argv, uint16_t type)
{
	static const struct option known[] = {{"why", required_argument, NULL, 'w'},
		{"wipe", no_argument, NULL, 'W'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = type};
	int option, r = CLI_DONE;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'W' && type == ADMIN_REVOKE) {
			(void)strcpy(request.name, "wipe"); /* fits */
			continue;
		}
		if (option != 'w')
			return cli_usage(usage);
		if (!cli_text(request.why, sizeof(request.why), optarg))
			return CLI_USAGE;
	}
	if (optind == argc)
		return cli_usage(usage);
	for (; optind < argc; optind++) {
		int each;

		if (!cli_text(request.device, sizeof(request.device), argv[optind]))
			return CLI_USAGE;
		each = client_ask(&request, print_row, &(struct view){0});
		if (each == CLI_NO_CONSOLE)
			return each;
		r = each != CLI_DONE ? each : r;
	}
	return r;
}

/* The words from the second on, as one text. */
static bool join(int argc, char **argv, struct admin_request *request)
{
	size_t used = 0;

	for (int i = 2; i < argc; i++) {
		size_t room = sizeof(request->text) - used;
		int size = snprintf(request->text + used, room, "%s%s", i > 2 ? " " : "", argv[i]);

		if (size < 0 || (size_t)size >= room) {
			(void)cli_refuse("too many at a time");
			return false;
		}
		used += (size_t)size;
	}
	return true;
}

static int assign(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_DEVICE_ASSIGN};

	if (argc < 3)
		return cli_usage(usage);
	if (!cli_text(request.device, sizeof(request.device), argv[1]))
		return CLI_USAGE;
	if (argc == 3 && !strcmp(argv[2], "--nobody"))
		return client_ask(&request, print_row, &(struct view){0});
	if (argv[2][0] == '-')
		return cli_usage(usage);
	return join(argc, argv, &request) ? client_ask(&request, print_row, &(struct view){0})
					  : CLI_USAGE;
}

/* No options: a tag may be taken away by "-TAG". */
static int tag(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_DEVICE_TAG};

	if (argc < 3)
		return cli_usage(usage);
	if (!cli_text(request.device, sizeof(request.device), argv[1]))
		return CLI_USAGE;
	if (!join(argc, argv, &request))
		return CLI_USAGE;
	return client_ask(&request, print_row, &(struct view){0});
}

int cli_device(int argc, char **argv)
{
	if (argc < 2)
		return cli_usage(usage);
	if (!strcmp(argv[1], "list"))
		return list(argc - 1, argv + 1);
	if (!strcmp(argv[1], "show"))
		return show(argc - 1, argv + 1);
	if (!strcmp(argv[1], "approve"))
		return change(argc - 1, argv + 1, ADMIN_APPROVE);
	if (!strcmp(argv[1], "suspend"))
		return change(argc - 1, argv + 1, ADMIN_SUSPEND);
	if (!strcmp(argv[1], "revoke"))
		return change(argc - 1, argv + 1, ADMIN_REVOKE);
	if (!strcmp(argv[1], "wipe"))
		return device_wipe(argc - 1, argv + 1);
	if (!strcmp(argv[1], "receipt"))
		return device_receipt(argc - 1, argv + 1);
	if (!strcmp(argv[1], "tag"))
		return tag(argc - 1, argv + 1);
	if (!strcmp(argv[1], "assign"))
		return assign(argc - 1, argv + 1);
	if (!strcmp(argv[1], "pcr") && argc > 3 && !strcmp(argv[2], "accept"))
		return change(argc - 2, argv + 2, ADMIN_DEVICE_PCR);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(usage, stdout), CLI_DONE;
	return cli_usage(usage);
}
