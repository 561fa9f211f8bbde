/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console rule */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "console/cli/cli.h"
#include "console/store/rule.h"

static const char usage[] =
	"usage: holdfast-console rule add NAME [--host PATTERN] [--owner KIND] [--network CIDR]\n"
	"                                      [--fact NAME=VALUE]... [--serials FILE]\n"
	"       holdfast-console rule list [--json]\n"
	"       holdfast-console rule remove NAME\n"
	"A device that waits is approved when all that a rule says holds; it is asked when it "
	"enrols\n"
	"and when it says what it is. The audit log says by which rule.\n"
	"  --host PATTERN   what it calls itself, as 'ws-*'\n"
	"  --owner KIND     enterprise or personal: of the token that it came with\n"
	"  --network CIDR   it came from, as 10.1.0.0/16\n"
	"  --fact NAME=VALUE  as 'device show' has it: tpm=yes, secure_boot=on, "
	"root_encrypted=yes\n"
	"  --serials FILE   a list (CSV), in whose first column its serial number is\n"
	"But for network and owner, it is the device's own word that is believed.\n";

struct draft {
	char *text; /* RULE_TEXT_MAX */
	size_t used;
};

static bool add_line(struct draft *draft, const char *name, const char *value)
{
	size_t room = RULE_TEXT_MAX - draft->used;
	int size = snprintf(
		draft->text + draft->used, room, "%s%s%s\n", name, name[0] ? "=" : "", value);

	if (size < 0 || (size_t)size >= room || strchr(value, '\n'))
		return cli_refuse("too long, or in more than one line: '%.60s'", value), false;
	draft->used += (size_t)size;
	return true;
}

/* The first column of a line, without quotes and spaces around it; "" = none. */
static const char *first_column(char *line)
{
	char *begin = line + strspn(line, " \t\""), *end = begin + strcspn(begin, ",;\"\t\r\n");

	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return begin[0] == '#' ? "" : begin;
}

/* Last, as their number stands before them: they are put behind and the line is then written. */
static bool add_serials(struct draft *draft, const char *path)
{
	FILE *file = fopen(path, "re");
	auto_free char *lines = malloc(RULE_TEXT_MAX);
	struct draft list = {lines, 0};
	unsigned int count = 0;
	char line[1024], number[16];
	bool is_good = file && lines;

	if (!is_good)
		(void)cli_refuse("cannot read '%s': %s", path, strerror(errno));
	while (is_good && fgets(line, sizeof(line), file)) {
		const char *serial = first_column(line);

		if (!serial[0] || (!count && (!strcasecmp(serial, "serial") ||
						     !strcasecmp(serial, "serial number"))))
			continue;
		is_good = add_line(&list, "", serial);
		count++;
	}
	if (file)
		(void)fclose(file); /* read only */
	if (is_good && !count)
		is_good = (cli_refuse("there is no serial number in '%s'", path), false);
	(void)snprintf(number, sizeof(number), "%u", count);
	if (!is_good || !add_line(draft, "serials", number))
		return false;
	if (list.used >= RULE_TEXT_MAX - draft->used)
		return cli_refuse("more serial numbers in '%s' than a rule takes", path), false;
	memcpy(draft->text + draft->used, lines, list.used);
	draft->used += list.used;
	return true;
}

static bool add_fact(struct draft *draft, const char *pair)
{
	char name[RULE_NAME_SIZE];
	const char *equals = strchr(pair, '=');

	if (!equals || (size_t)(equals - pair) >= sizeof(name))
		return cli_refuse("not of the form NAME=VALUE: '%.60s'", pair), false;
	memcpy(name, pair, (size_t)(equals - pair));
	name[equals - pair] = '\0';
	if (device_fact_find(name) >= FACT_BOOT)
		return cli_refuse("there is no fact '%s' of a device", name), false;
	return add_line(draft, name, equals + 1);
}

static int add(int argc, char **argv)
{
	static const struct option known[] = {{"host", required_argument, NULL, 'n'},
		{"owner", required_argument, NULL, 'o'}, {"network", required_argument, NULL, 'w'},
		{"fact", required_argument, NULL, 'f'}, {"serials", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_RULE_ADD};
	auto_free char *text = malloc(RULE_TEXT_MAX);
	struct draft draft = {text, 0};
	const char *serials = NULL;
	auto_close int fd = -EBADF;
	bool is_good = text != NULL;
	int option;

	while (is_good && (option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 's')
			serials = optarg;
		else if (option == 'f')
			is_good = add_fact(&draft, optarg);
		else if (option == '?')
			return cli_usage(usage);
		else
			is_good = add_line(&draft,
				option == 'n'	? "host"
				: option == 'o' ? "owner"
						: "network",
				optarg);
	}
	if (is_good && optind + 1 != argc)
		return cli_usage(usage);
	if (is_good && serials)
		is_good = add_serials(&draft, serials);
	if (!is_good || !cli_text(request.name, sizeof(request.name), argv[optind]))
		return CLI_USAGE;
	fd = file_in_memory("rule", draft.text, draft.used);
	if (fd < 0)
		return cli_refuse("no memory: %s", strerror(-fd));
	return client_ask_with(&request, fd, NULL, NULL, NULL);
}

static void print_rule(struct json_object *rule, const char *text, void *userdata)
{
	struct json_object *conditions = json_at(rule, "conditions");

	if (*(const bool *)userdata) {
		(void)puts(text);
		return;
	}
	print_styled(PRINT_BOLD, "%s", json_text(rule, "name"));
	for (size_t i = 0; i < json_object_array_length(conditions); i++) {
		json_object_object_foreach(json_object_array_get_idx(conditions, i), name, value)
		{
			(void)printf("  %s=", name);
			print_clean(json_object_get_string(value));
		}
	}
	if (json_at(rule, "serials"))
		(void)printf("  one of %llu serial numbers",
			(unsigned long long)json_number(rule, "serials"));
	(void)putchar('\n');
}

static int list(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_RULES};
	bool is_json = false;
	int r = cli_options_json(argc, argv, usage, &is_json);

	if (r != OPTIONS_GO_ON)
		return r;
	return optind != argc ? cli_usage(usage) : client_ask(&request, print_rule, &is_json);
}

static int take_away(int argc, char **argv)
{
	struct admin_request request = {.type = ADMIN_RULE_REMOVE};

	if (argc != 2 || !cli_text(request.name, sizeof(request.name), argv[1]))
		return cli_usage(usage);
	return client_ask(&request, NULL, NULL);
}

int cli_rule(int argc, char **argv)
{
	if (argc < 2)
		return cli_usage(usage);
	if (!strcmp(argv[1], "add"))
		return add(argc - 1, argv + 1);
	if (!strcmp(argv[1], "list"))
		return list(argc - 1, argv + 1);
	if (!strcmp(argv[1], "remove"))
		return take_away(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(usage, stdout), CLI_DONE;
	return cli_usage(usage);
}
