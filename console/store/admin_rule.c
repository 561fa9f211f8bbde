/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators ask of rules. A rule comes as a file, for it may hold many serial numbers. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/audit.h"
#include "console/store/rule.h"

static struct json_object *rule_object(const char *name, const struct rule *rule)
{
	static const char *const kinds[] = {
		[RULE_HOST] = "host", [RULE_OWNER] = "owner", [RULE_NETWORK] = "network"};
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();

	(void)json_object_object_add(object, "name", json_object_new_string(name));
	for (unsigned int i = 0; i < rule->count; i++) {
		const struct rule_condition *condition = &rule->conditions[i];
		struct json_object *pair = json_object_new_object();

		(void)json_object_object_add(pair,
			condition->kind == RULE_FACT ? device_fact_name(condition->fact)
						     : kinds[condition->kind],
			json_object_new_string(condition->value));
		(void)json_object_array_add(list, pair);
	}
	(void)json_object_object_add(object, "conditions", list);
	if (rule->has_serials)
		(void)json_object_object_add(
			object, "serials", json_object_new_int64(rule->serial_count));
	return object;
}

void admin_rules(struct service *service, struct admin_client *client)
{
	char names[RULES_MAX * RULE_NAME_SIZE], *rest = names, *name;
	static struct rule rule;
	const char *text, *why;
	int r;

	r = rule_names(service->reader, names);
	while (r == 0 && (name = strtok_r(rest, "\n", &rest)) != NULL) {
		r = rule_text(service->reader, name, &text);
		if (r == 0 && rule_parse(text, &rule, &why) == 0)
			admin_line(client, rule_object(name, &rule));
	}
	if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	else
		admin_end(client, 0, "%s", "");
}

/* -EBADMSG: no file of a fitting size, or a NUL in it. */
static int text_read(int fd, char ret_text[RULE_TEXT_MAX + 1])
{
	struct stat status;
	size_t size, used = 0;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > RULE_TEXT_MAX)
		return -EBADMSG;
	size = (size_t)status.st_size;
	while (used < size) {
		ssize_t got = pread(fd, ret_text + used, size - used, (off_t)used);

		if (got <= 0)
			return -EBADMSG;
		used += (size_t)got;
	}
	ret_text[size] = '\0';
	return strlen(ret_text) == size ? 0 : -EBADMSG;
}

static int write_rule(
	struct service *service, const struct audit_act *act, const char *name, const char *text)
{
	int r;

	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = text ? rule_add(service->writer, name, text) : rule_remove(service->writer, name);
	return audit_commit(service->writer, r, act);
}

void admin_rule_add(struct service *service, struct admin_client *client)
{
	static char text[RULE_TEXT_MAX + 1]; /* too large for the stack */
	static struct rule rule;
	const char *name = client->request.name, *why = "it can't be read";
	const struct audit_act act = {.who = client->who,
		.act = "rule add",
		.what = name,
		.after = text, /* cut: its conditions come first */
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	if (!rule_is_name(name)) {
		admin_end(client, -EINVAL,
			"a rule's name is of lower case letters, digits, '-', '_' and '.'");
		return;
	}
	r = text_read(client->fd, text);
	if (r == 0)
		r = rule_parse(text, &rule, &why);
	if (r < 0) {
		admin_end(client, r, "rule '%s' is not taken: %s", name, why);
		return;
	}
	r = write_rule(service, &act, name, text);
	if (r == -EEXIST)
		admin_end(client, r, "there is a rule '%s': remove it first", name);
	else if (r == -E2BIG)
		admin_end(client, r, "there are %d rules: remove one first", RULES_MAX);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	else
		admin_end(client, 0,
			"rule '%s' approves devices that enrol, or say what they are, from now on",
			name);
}

void admin_rule_remove(struct service *service, struct admin_client *client)
{
	const char *name = client->request.name;
	const struct audit_act act = {.who = client->who,
		.act = "rule remove",
		.what = name,
		.time_ms = (int64_t)clock_day_ms()};
	int r = write_rule(service, &act, name, NULL);

	if (r == -ENOENT)
		admin_end(client, r, "there is no rule '%s'", name);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	else
		admin_end(client, 0,
			"rule '%s' approves no more devices; those it has approved are as they "
			"were",
			name);
}
