/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast compliance: the state of this device in one flat line, for tools that manage devices. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "agent/cli/console.h"
#include "agent/cli/trust.h"

#define REQUIRE_MAX 16

static const char usage[] =
	"usage: holdfast compliance [--value NAME | --require NAME[=VALUE]...]\n"
	"Prints the state of this device as one flat JSON object, for tools that manage\n"
	"devices; without an agent too, which is a state as well.\n"
	"  --value NAME             only that value, as text\n"
	"  --require NAME[=VALUE]   print nothing of what is well; status 1, and a line on\n"
	"                           the error output, for each that is not as it has to be\n"
	"                           (true, when no value is given)\n";

/* What the rows below are read from; NULL where nothing answered. */
struct sources {
	struct json_object *status, *console;
};

static struct json_object *version(const struct sources *from)
{
	const char *text = json_text(from->status, "version");

	return json_object_new_string(text[0] ? text : HOLDFAST_VERSION);
}

static struct json_object *is_running(const struct sources *from)
{
	return json_object_new_boolean(from->status != NULL);
}

static struct json_object *is_enforcing(const struct sources *from)
{
	return json_object_new_boolean(json_true(from->status, "kernel.enforcing"));
}

/* Of a kernel that lacks something, some of it is only recorded: holdfast doctor says what. */
static struct json_object *reductions(const struct sources *from)
{
	struct json_object *missing = json_at(from->status, "kernel.missing");

	return json_object_new_int64(missing ? (int64_t)json_object_array_length(missing) : 0);
}

static struct json_object *policy_name(const struct sources *from)
{
	return json_object_new_string(json_text(from->status, "policy.name"));
}

static struct json_object *policy_version(const struct sources *from)
{
	return json_object_new_int64((int64_t)json_number(from->status, "policy.version"));
}

/* The one that is there now, not an older one because of mistakes in it. */
static struct json_object *is_policy_current(const struct sources *from)
{
	return json_object_new_boolean(json_true(from->status, "policy.applied") &&
				       !json_true(from->status, "policy.last_good"));
}

static struct json_object *standing(const struct sources *from)
{
	const char *text = json_text(from->console, "standing");

	return json_object_new_string(text[0] ? text : "no console");
}

static struct json_object *trust(const struct sources *from)
{
	return json_object_new_string(json_text(from->status, "trust.state"));
}

/* As far as the policy asks for it: one without [trust] asks nobody. */
static struct json_object *is_trusted(const struct sources *from)
{
	return json_object_new_boolean(from->status && !trust_has_trouble(from->status));
}

static struct json_object *troubles(const struct sources *from)
{
	return json_object_new_int64((int64_t)json_number(from->status, "failures"));
}

/* Names are for rules that administrators keep elsewhere: they stay as they are. */
static const struct {
	const char *name;
	struct json_object *(*get)(const struct sources *from);
} rows[] = {
	{"AgentVersion", version},
	{"AgentRuns", is_running},
	{"Enforcing", is_enforcing},
	{"Reductions", reductions},
	{"PolicyName", policy_name},
	{"PolicyVersion", policy_version},
	{"PolicyCurrent", is_policy_current},
	{"Console", standing},
	{"TrustState", trust},
	{"Trusted", is_trusted},
	{"Troubles", troubles},
};

static void keep_status(struct json_object *object, const char *text, void *userdata)
{
	struct json_object **kept = userdata;

	(void)text;
	(void)json_object_put(*kept); /* there is one line */
	*kept = json_object_get(object);
}

static struct json_object *gather(void)
{
	const struct local_request request = {.type = LOCAL_STATUS};
	struct json_object *line = json_object_new_object();
	struct sources from = {.console = console_status()};

	(void)client_ask_quietly(&request, keep_status, &from.status); /* none is a state as well */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)json_object_object_add(line, rows[i].name, rows[i].get(&from));
	(void)json_object_put(from.status);  /* freed */
	(void)json_object_put(from.console); /* likewise */
	return line;
}

static int unknown(const char *name)
{
	(void)fprintf(stderr, "holdfast: there is no value '%s'; the values are", name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)fprintf(stderr, "%s %s", i ? "," : "", rows[i].name);
	(void)fputc('\n', stderr);
	return CLI_USAGE;
}

static int print_value(struct json_object *line, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(line, name, &value))
		return unknown(name);
	(void)puts(json_object_get_string(value));
	return CLI_DONE;
}

static int require(struct json_object *line, const char *words)
{
	const char *wanted = strchr(words, '=');
	char *name = strndup(words, wanted ? (size_t)(wanted - words) : strlen(words));
	struct json_object *value;
	const char *is;
	int r = CLI_DONE;

	wanted = wanted ? wanted + 1 : "true";
	if (!name || !json_object_object_get_ex(line, name, &value)) {
		r = unknown(name ? name : words);
	} else {
		is = json_object_get_string(value);
		if (strcmp(is, wanted) != 0) {
			(void)fprintf(stderr,
				"holdfast: %s is '%s', not '%s'; see holdfast doctor\n", name, is,
				wanted);
			r = CLI_REFUSED;
		}
	}
	free(name);
	return r;
}

int cli_compliance(int argc, char **argv)
{
	static const struct option known[] = {{"value", required_argument, NULL, 'v'},
		{"require", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *required[REQUIRE_MAX], *value = NULL;
	struct json_object *line;
	unsigned int count = 0;
	int option, r = CLI_DONE;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'v' && !value)
			value = optarg;
		else if (option == 'r' && count < REQUIRE_MAX)
			required[count++] = optarg;
		else
			return fputs(usage, stderr), CLI_USAGE;
	}
	if (optind != argc || (value && count))
		return fputs(usage, stderr), CLI_USAGE;
	line = gather();
	if (value)
		r = print_value(line, value);
	else if (!count)
		(void)puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
	for (unsigned int i = 0; i < count && r != CLI_USAGE; i++) {
		int one = require(line, required[i]);

		r = one == CLI_DONE ? r : one;
	}
	(void)json_object_put(line); /* freed */
	return r;
}
