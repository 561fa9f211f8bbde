/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing policies. What comes is signed already: this process has no key to sign with, and does
 * not judge the signature: devices do.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/groups.h"
#include "policy/bundle.h"

void admin_policy_next(struct service *service, struct admin_client *client)
{
	struct json_object *object;
	char uid[STORE_TEXT_SIZE], *to = uid;
	uint64_t last;
	int r;

	r = store_policy_last(service->reader, &last);
	if (r == 0)
		r = store_tenant(service->reader, uid, sizeof(uid));
	if (r < 0) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return;
	}
	for (const char *from = uid; *from; from++) /* as a bundle has it: digits only */
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
	object = json_object_new_object();
	(void)json_object_object_add(object, "next", json_object_new_uint64(last + 1));
	(void)json_object_object_add(object, "tenant", json_object_new_string(uid));
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
}

/* -EBADMSG: no regular file, or larger than a bundle can be. */
static int bundle_read(int fd, uint8_t **ret_bytes, size_t *ret_size)
{
	auto_free uint8_t *bytes = NULL;
	struct stat status;
	size_t size;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
		status.st_size > BUNDLE_SIZE_MAX)
		return -EBADMSG;
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	for (size_t used = 0; used < size;) {
		ssize_t got = pread(fd, bytes + used, size - used, (off_t)used);

		if (got <= 0)
			return got < 0 ? -errno : -EBADMSG;
		used += (size_t)got;
	}
	*ret_size = size;
	*ret_bytes = take_ptr(bytes);
	return 0;
}

/* What comes and is asked for, or ends the answer: false. */
static bool take_policy(struct admin_client *client, struct store_policy *ret_policy,
	uint8_t **ret_bytes, size_t *ret_size)
{
	const struct admin_request *request = &client->request;
	int r;

	r = bundle_read(client->fd, ret_bytes, ret_size);
	if (r == 0)
		r = distribution_read(*ret_bytes, *ret_size, ret_policy);
	if (r < 0) {
		admin_end(client, r, "that is no signed policy: %s", strerror(-r));
		return false;
	}
	if (request->limit > 100) {
		admin_end(client, -EINVAL, "a percentage is at most 100");
		return false;
	}
	ret_policy->origin = request->number;
	ret_policy->percent = request->limit;
	ret_policy->published_ms = (int64_t)clock_day_ms();
	(void)snprintf(ret_policy->who, sizeof(ret_policy->who), "%s", client->who);
	(void)snprintf(ret_policy->why, sizeof(ret_policy->why), "%s", request->why);
	return true;
}

/* What can't be resolved of the groups is in policy->groups then, and *ret_is_group set. */
static int write_policy(struct service *service, struct admin_client *client,
	struct store_policy *policy, const uint8_t *bytes, bool *ret_is_group)
{
	char what[STORE_TEXT_SIZE + STORE_WHY_SIZE + 64], before[32], after[32];
	const struct audit_act act = {.who = client->who,
		.act = policy->origin ? "policy rollback" : "policy publish",
		.what = what,
		.before = before,
		.after = after,
		.time_ms = policy->published_ms};
	uint64_t last = 0;
	int r;

	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = groups_resolve(service->writer, client->request.text, true, policy->groups);
	*ret_is_group = r < 0;
	(void)snprintf(what, sizeof(what), "version %llu to %s, %u %% %s",
		(unsigned long long)policy->version, policy->groups[0] ? policy->groups : "all",
		policy->percent, policy->why);
	if (r == 0)
		r = store_policy_last(service->writer, &last);
	(void)snprintf(before, sizeof(before), "version %llu", (unsigned long long)last);
	(void)snprintf(after, sizeof(after), "version %llu", (unsigned long long)policy->version);
	if (r == 0)
		r = store_policy_add(service->writer, policy, bytes);
	if (r == 0)
		r = store_notice_add(service->writer, 0);
	return audit_commit(service->writer, r, &act);
}

void admin_policy_publish(struct service *service, struct admin_client *client)
{
	static struct store_policy policy; /* too large for the stack */
	auto_free uint8_t *bytes = NULL;
	size_t size = 0;
	bool is_group = false;
	int r;

	if (!take_policy(client, &policy, &bytes, &size))
		return;
	r = write_policy(service, client, &policy, bytes, &is_group);
	if (r < 0 && is_group) {
		admin_group_refuse(client, r, policy.groups);
		return;
	}
	if (r == -EEXIST) {
		admin_end(client, r,
			"there is version %llu already, or a higher one: nothing is published",
			(unsigned long long)policy.version);
		return;
	}
	if (r < 0) {
		admin_end(client, r, "nothing is published: %s", store_error(r));
		return;
	}
	peer_tell_policies(service);
	admin_end(client, 0, "version %llu, '%s', is published to %s%s, %u %% of them",
		(unsigned long long)policy.version, policy.name,
		policy.groups[0] ? "devices of " : "all devices", policy.groups, policy.percent);
}

void admin_policy_rollout(struct service *service, struct admin_client *client)
{
	static struct store_policy policy; /* too large for the stack */
	uint64_t version = client->request.number;
	char what[64], before[16], after[16];
	const struct audit_act act = {.who = client->who,
		.act = "policy rollout",
		.what = what,
		.before = before,
		.after = after,
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	if (client->request.limit > 100) {
		admin_end(client, -EINVAL, "a percentage is at most 100");
		return;
	}
	(void)snprintf(what, sizeof(what), "version %llu", (unsigned long long)version);
	(void)snprintf(after, sizeof(after), "%u %%", client->request.limit);
	r = store_begin(service->writer);
	if (r == 0)
		r = version ? store_policy_get(service->writer, version, &policy) : -ENOENT;
	(void)snprintf(before, sizeof(before), "%u %%", r == 0 ? policy.percent : 0);
	if (r == 0)
		r = store_policy_set_percent(service->writer, version, client->request.limit);
	if (r == 0)
		r = store_notice_add(service->writer, 0);
	r = audit_commit(service->writer, r, &act);
	if (r == -ENOENT)
		admin_end(client, r, "there is no version %llu", (unsigned long long)version);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s", store_error(r));
	if (r < 0)
		return;
	peer_tell_policies(service);
	admin_end(client, 0,
		"version %llu is for %u %% of its devices; those that have it already keep it",
		(unsigned long long)version, client->request.limit);
}
